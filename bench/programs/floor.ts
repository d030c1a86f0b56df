import { Agent, request } from 'undici';

const BATCH_CHARACTERS = 1024 * 1024;
const AT_LATEST_MS = 1000;
const agent = new Agent({ connections: 2 });

/**
 * What a correct sender cannot go much below: a row is written as JSON when its call ends, and a body of about a MiB,
 * or what there is after a second, is posted as it is. No gzip, no second try, no bound on memory.
 */
export class Floor {
  readonly problems: string[] = [];
  readonly #url: string;
  readonly #underWay = new Set<Promise<void>>();
  #lines: string[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(sink: string) {
    this.#url = `${sink}/v0/events?name=bench`;
  }

  append(row: object): void {
    const line = JSON.stringify(row);
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length >= BATCH_CHARACTERS) this.#post();
    else this.#timer ??= setTimeout(() => this.#post(), AT_LATEST_MS);
  }

  async flush(): Promise<void> {
    this.#post();
    await Promise.all(this.#underWay);
  }

  #post(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    const body = `${this.#lines.join('\n')}\n`;
    this.#lines = [];
    this.#length = 0;
    const sent = this.#send(body)
      .catch((thrown: unknown) => void this.problems.push(String(thrown)))
      .finally(() => this.#underWay.delete(sent));
    this.#underWay.add(sent);
  }

  async #send(body: string): Promise<void> {
    const headers = { 'content-type': 'application/x-ndjson' };
    const answer = await request(this.#url, { method: 'POST', headers, body, dispatcher: agent });
    await answer.body.text();
    if (answer.statusCode !== 200) this.problems.push(`status ${answer.statusCode}`);
  }
}
