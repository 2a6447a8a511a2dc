"""The HTTP edge: the Flask application, tokens, and the server that stands between them and the network.

Owns: who may ask (bearer tokens), what a client may cost (sizes, deadlines, threads, connections), health, the access
log, and the life of the server process. Never: decides what a SCIM request does, touches the database itself, or reads
the configuration: all of that is handed in. May import: `ports`, `service_manager`, `telemetry`, `scim`, Flask and
gunicorn.

    client -> gunicorn -> front (event loop: health, bounds) -> work pool -> SCIM edge -> handle
"""
