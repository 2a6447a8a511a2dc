// scimmy-routers on express, with handlers written as its published example writes them: an egress handler that hands
// over every resource, or what `filter.match` leaves of them. Resources are kept in memory, and the uniqueness of
// userName is looked up in a map, so that nothing but the library's own work is measured.
import {randomUUID} from "node:crypto";
import express from "express";
import SCIMMYRouters, {SCIMMY} from "scimmy-routers";

const {PORT, BENCH_TOKEN} = process.env;

class Shelf {
    constructor(type, unique) {
        Object.assign(this, {type, unique, rows: new Map(), taken: new Map()});
    }

    read(resource) {
        if (!resource.id) {
            const all = [...this.rows.values()];
            return resource.filter ? resource.filter.match(all) : all;
        }
        const row = this.rows.get(resource.id);
        if (!row) throw new SCIMMY.Types.Error(404, null, `${this.type} ${resource.id} not found`);
        return row;
    }

    write(resource, data) {
        const before = resource.id ? this.read(resource) : undefined;
        const id = before?.id ?? randomUUID();
        const name = data[this.unique].toLowerCase();
        if ((this.taken.get(name) ?? id) !== id) throw new SCIMMY.Types.Error(409, "uniqueness", "It is taken already");
        if (before) this.taken.delete(before[this.unique].toLowerCase());
        const now = new Date();
        const row = {...JSON.parse(JSON.stringify(data)), id, meta: {created: before?.meta.created ?? now, lastModified: now}};
        this.taken.set(name, id);
        this.rows.set(id, row);
        return row;
    }

    remove(resource) {
        const row = this.read(resource);
        this.taken.delete(row[this.unique].toLowerCase());
        this.rows.delete(row.id);
    }
}

function declare(Resource, shelf) {
    SCIMMY.Resources.declare(Resource, {
        egress: (resource) => shelf.read(resource),
        ingress: (resource, data) => shelf.write(resource, data),
        degress: (resource) => shelf.remove(resource),
    });
}

SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser);
declare(SCIMMY.Resources.User, new Shelf("User", "userName"));
declare(SCIMMY.Resources.Group, new Shelf("Group", "displayName"));

const app = express();
app.use("/scim", new SCIMMYRouters({
    type: "bearer",
    handler: (request) => {
        if (request.header("Authorization") !== `Bearer ${BENCH_TOKEN}`) throw new Error("The token is not known");
        return "bench";
    },
}));
app.listen(Number(PORT), "127.0.0.1");
