"""The history of the tables: one module in `versions` per step, run by `syncd.store.schema`.

A step must live beside the previous release: add, deploy, then remove. Each runs in one transaction on both databases.
"""
