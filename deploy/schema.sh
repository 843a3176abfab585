#!/bin/sh
# Creates Temporal's two databases and brings their schemas up to this image's version. Each step leaves what is done already alone,
# so the job runs at every start, and an upgrade is: new admin-tools image, this job, new server image.
# SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD are read by temporal-sql-tool itself.
set -eu

schemas=/etc/temporal/schema/postgresql/v12

prepare() {
    database=$1
    versions=$2
    temporal-sql-tool --db "$database" create
    temporal-sql-tool --db "$database" setup-schema -v 0.0
    temporal-sql-tool --db "$database" update-schema -d "$schemas/$versions/versioned"
}

prepare temporal temporal
prepare temporal_visibility visibility
