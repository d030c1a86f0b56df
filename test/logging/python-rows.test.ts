import { describe, expect, it } from 'vitest';
import { tbLogSchema } from '../../schemas/tb-logs.js';
import { datasourcesForEver, runServer } from '../local/running-server.js';
import { ndjson, pythonRows } from './recorded.js';

const rows = await pythonRows();
const named = rows.map((row) => ({ message: String(row.message).split('\n')[0], row }));

const TRACEBACK =
  'Traceback (most recent call last):\n  File "app/x.py", line 12, in charge\n    return 1 / 0\nZeroDivisionError: division by zero';
const STACK =
  'Stack (most recent call last):\n  File "app/x.py", line 8, in <module>\n    log.info("here", stack_info=True)';

describe('a row of Tinybird’s Python handlers', () => {
  it.each(named)('fits the row schema as it is: $message', ({ row }) => {
    expect(tbLogSchema.parse(row)).toEqual(row);
  });

  it.each(['message', 'formatted_message', 'name'])('is refused with half a character in its %s', (key) => {
    const { error } = tbLogSchema.safeParse({ ...rows[0], [key]: 'half \ud83d' });
    expect(error?.issues).toMatchObject([{ path: [key], message: 'must hold no lone surrogate' }]);
  });

  it('is refused with half a character in its extra, in a value and in a key', () => {
    for (const extra of [{ a: ['\ud83d'] }, { '\ud83d': 1 }])
      expect(tbLogSchema.safeParse({ ...rows[0], extra }).success).toBe(false);
  });

  it('is stored with every column in its place, and none of them is quarantined', async () => {
    const server = await runServer({ directory: await datasourcesForEver() });
    const sent = await server.send('tb_logs', ndjson(rows));
    expect(sent.body).toEqual({ successful_rows: 16, quarantined_rows: 0 });

    const stored = await server.rows('SELECT * FROM tb_logs');
    const byMessage = (message: string) => stored.filter((row) => row.message === message);

    expect(byMessage('hi bob n=3')).toEqual([
      {
        app_name: 'billing',
        created: 1_795_485_476.325_656_4,
        level: 20,
        levelname: 'INFO',
        name: 'my.svc',
        message: 'hi bob n=3',
        formatted_message: '2026-11-24 01:57:56,325 - my.svc - INFO - hi bob n=3',
        asctime: '2026-11-24T01:57:56.325656',
        msecs: 325,
        relativeCreated: 102.92,
        pathname: 'app/x.py',
        filename: 'x.py',
        module: 'x',
        funcName: '<module>',
        lineno: 8,
        thread: 140_291_592_059_776,
        threadName: 'MainThread',
        process: 4500,
        processName: 'MainProcess',
        exc_info: '',
        exc_type: '',
        exc_value: '',
        exc_traceback: null,
        args: '["bob",3]',
        stack_info: '',
        extra:
          '{"msg":"hi %s n=%d","args":["bob",3],"levelno":20,"exc_info":null,"exc_text":null,"stack_info":null}',
        call_id: '',
        chat_id: '',
      },
    ]);
    expect(byMessage('a=1')).toMatchObject([{ args: '{"a":1}' }]);
    expect(byMessage('plain')).toMatchObject([{ args: '' }]);

    const failed = {
      level: 40,
      funcName: 'charge',
      lineno: 12,
      exc_type: "<class 'ZeroDivisionError'>",
      exc_value: 'division by zero',
      formatted_message: `charge failed\n${TRACEBACK}`,
    };
    const failures = byMessage('charge failed').toSorted((row) => (row.exc_traceback === null ? -1 : 1));
    expect(failures).toMatchObject([
      {
        ...failed,
        exc_traceback: null,
        exc_info: `{"type":"<class 'ZeroDivisionError'>","value":"division by zero","traceback":null}`,
      },
      { ...failed, exc_traceback: TRACEBACK },
    ]);
    const queued = `2026-11-24 01:57:56,325 - my.svc - ERROR - charge failed\n${TRACEBACK}`;
    expect(byMessage(queued)).toMatchObject([
      { name: 'queued', formatted_message: queued, exc_info: '', exc_type: '', args: '' },
    ]);
    expect(byMessage('here')).toMatchObject([
      { stack_info: STACK, formatted_message: `here\n${STACK}`, exc_type: '' },
    ]);

    expect(byMessage('ordered')[0]?.extra).toBe(
      '{"msg":"ordered","args":[],"levelno":20,"exc_info":null,"exc_text":null,"stack_info":null,"user_id":7,"coupon":null,"tags":["a",null],"place":{"city":"Köln 😀","zip":null}}',
    );
    expect(byMessage('no threads')).toMatchObject([
      { thread: null, threadName: null, process: null, processName: null },
    ]);
    expect(byMessage('on the second')).toMatchObject([
      { created: 1_795_485_476, asctime: '2026-11-24T01:57:56', msecs: 0 },
    ]);
    const levels = ['custom', 'nameless', 'unset', 'below'].map((message) => byMessage(message)[0]);
    expect(levels.map((row) => [row?.level, row?.levelname])).toEqual([
      [25, 'NOTICE'],
      [33, 'Level 33'],
      [0, 'NOTSET'],
      [-7, 'Level -7'],
    ]);

    expect(await server.rows('SELECT count() AS broken FROM tb_logs_quarantine')).toEqual([{ broken: 0 }]);
  });
});
