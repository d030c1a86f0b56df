import { quarantineTable } from '../rows/quarantine.js';
import type { Answer } from './http.js';
import type { LocalTinybird } from './routes.js';

/** `GET /v0/datasources`: every datasource with its columns and the number of its rows. */
export async function listDatasources({ engine, datasources }: LocalTinybird): Promise<Answer> {
  const sql =
    'SELECT name, total_rows::Float64 AS rows FROM system.tables WHERE database = currentDatabase()';
  const lines = (await engine.read(sql, { format: 'JSONEachRow' })).toString().split('\n').filter(Boolean);
  const tables = lines.map((line) => JSON.parse(line) as { name: string; rows: number | null });
  const rowsOf = (table: string) => tables.find(({ name }) => name === table)?.rows ?? 0;
  return {
    status: 200,
    body: {
      datasources: [...datasources.values()].map(({ datafile }) => ({
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
          jsonpath: path ?? null,
          default_value: defaultValue ?? null,
        })),
        statistics: { row_count: rowsOf(datafile.name) },
        quarantine_rows: rowsOf(quarantineTable(datafile.name)),
      })),
    },
  };
}
