import type { IncomingMessage } from 'node:http';
import { isNullable } from '../datafiles/column-type.js';
import { readRows } from '../engine/read-rows.js';
import type { LocalDatasource } from '../project.js';
import { quarantineTable } from '../rows/quarantine.js';
import { datasourceOf } from './events-route.js';
import type { Answer } from './http.js';
import type { LocalTinybird } from './routes.js';

/** `GET /v0/datasources`: every datasource with its columns and the number of its rows. */
export async function listDatasources(tinybird: LocalTinybird): Promise<Answer> {
  const sizes = await readSizes(tinybird);
  return {
    status: 200,
    body: { datasources: [...tinybird.datasources.values()].map((each) => describe(each, sizes)) },
  };
}

/** `GET /v0/datasources/NAME`: one of them. */
export async function showDatasource(
  tinybird: LocalTinybird,
  _request: IncomingMessage,
  _url: URL,
  name: string,
): Promise<Answer> {
  const datasource = datasourceOf(tinybird, name, '/v0/datasources/litellm');
  return { status: 200, body: describe(datasource, await readSizes(tinybird)) };
}

interface Size {
  readonly name: string;
  readonly rows: number | null;
  readonly bytes: number | null;
}

type Sizes = ReadonlyMap<string, Size>;

async function readSizes({ engine }: LocalTinybird): Promise<Sizes> {
  const sql = `
    SELECT name, total_rows::Nullable(Float64) AS rows, total_bytes::Nullable(Float64) AS bytes
    FROM system.tables WHERE database = currentDatabase()`;
  return new Map((await readRows<Size>(engine, sql)).map((size) => [size.name, size]));
}

function describe({ datafile }: LocalDatasource, sizes: Sizes) {
  const size = sizes.get(datafile.name);
  return {
    id: datafile.name,
    name: datafile.name,
    description: datafile.description ?? '',
    engine: {
      engine: datafile.engine,
      engine_sorting_key: datafile.sortingKey ?? '',
      engine_partition_key: datafile.partitionKey ?? '',
    },
    columns: datafile.columns.map(({ name, type, path, default: defaultValue }) => ({
      name,
      type: type.text,
      nullable: isNullable(type),
      jsonpath: path ?? null,
      default_value: defaultValue ?? null,
    })),
    statistics: { row_count: size?.rows ?? 0, bytes: size?.bytes ?? 0 },
    quarantine_rows: sizes.get(quarantineTable(datafile.name))?.rows ?? 0,
  };
}
