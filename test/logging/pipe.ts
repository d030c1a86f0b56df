import { readFile } from 'node:fs/promises';

/** What an endpoint is asked with. */
export type PipeParams = Readonly<Record<string, string | number>>;

/** An endpoint of two nodes, of which the second reads the first, as the one statement that Tinybird makes of them. */
export async function endpointSql(name: string, params: PipeParams): Promise<string> {
  const text = await readFile(new URL(`../../endpoints/${name}.pipe`, import.meta.url), 'utf8');
  const [first, last, ...others] = nodesOf(text);
  if (first === undefined || last === undefined || others.length > 0)
    throw new Error(`${name}.pipe has not two nodes`);
  const from = new RegExp(`\\bFROM ${first.name}\\b`);
  if (!from.test(last.sql)) throw new Error(`${last.name} does not read ${first.name}`);
  const inner = render(first.sql, params);
  return render(last.sql, params).replace(from, () => `FROM (${inner}) AS ${first.name}`);
}

interface Node {
  readonly name: string;
  readonly sql: string;
}

function nodesOf(text: string): Node[] {
  return text
    .split(/^NODE /m)
    .slice(1)
    .map((node) => {
      const [name = ''] = node.split('\n');
      const [, sql = ''] = /^SQL >\n((?:[ \t].*\n|\n)+)/m.exec(node) ?? [];
      return { name: name.trim(), sql };
    });
}

/** Of Tinybird's templates what the package's endpoints use. What it does not know stays, for ClickHouse to refuse. */
function render(sql: string, params: PipeParams): string {
  if (!/^\s*%\s*$/m.test(sql)) return sql;
  return sql
    .replace(/^\s*%\s*$/m, '')
    .replace(/\{% if defined\((\w+)\) %\}(.*?)\{% end %\}/gs, (_, name, then) => (name in params ? then : ''))
    .replace(/\{\{ (\w+)\((\w+)(?:, (?!description=)([^,)]+))?(?:, description="[^"]*")?\) \}\}/g, write);

  function write(_: string, type: string, name: string, otherwise?: string): string {
    const value = params[name] ?? otherwise;
    if (value === undefined) throw new Error(`nobody gave ${name}`);
    return type === 'String' ? `'${String(value).replace(/[\\']/g, '\\$&')}'` : String(Number(value));
  }
}
