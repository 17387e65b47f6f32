import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { liveAddress, openLive, waitMs, type LiveMessage, type Socket } from './live.ts';

class FakeSocket implements Socket {
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  sent: unknown[] = [];
  left = false;

  send(text: Parameters<Socket['send']>[0]) {
    this.sent.push(JSON.parse(String(text)));
  }
  close() {
    this.left = true;
  }
  opens() {
    this.onopen?.call(this as never, new Event('open'));
  }
  says(text: string) {
    this.onmessage?.call(this as never, { data: text } as MessageEvent);
  }
  ends(code: number) {
    this.onclose?.call(this as never, { code } as CloseEvent);
  }
}

function givenALiveSocket(random = 0.5) {
  const dialled: FakeSocket[] = [];
  const heard: LiveMessage[] = [];
  const turns: boolean[] = [];
  const protocols: string[] = [];
  const live = openLive({
    dial(protocol) {
      protocols.push(protocol);
      dialled.push(new FakeSocket());
      return dialled.at(-1)!;
    },
    hear: (message) => heard.push(message),
    turned: (up) => turns.push(up),
    random: () => random,
  });
  return { live, dialled, heard, turns, protocols, last: () => dialled.at(-1)! };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the live socket', () => {
  test('speaks the protocol, says when it is up, and hands on what it hears', () => {
    const { last, heard, turns, protocols } = givenALiveSocket();
    expect(turns).toEqual([]);
    last().opens();
    last().says('{"type":"hello","server_time":"2026-11-21T12:00:00.000Z"}');
    expect(protocols).toEqual(['firstcome.v1']);
    expect(turns).toEqual([true]);
    expect(heard).toEqual([{ type: 'hello', server_time: '2026-11-21T12:00:00.000Z' }]);
  });

  test('that may be dead is left at once, and another one is tried soon', async () => {
    const { live, dialled, turns, last } = givenALiveSocket();
    last().opens();
    live.distrust();
    expect([turns, dialled[0]?.left]).toEqual([[true, false], true]);
    await vi.advanceTimersByTimeAsync(500);
    last().opens();
    expect([dialled.length, turns.at(-1)]).toEqual([2, true]);
    live.close();
    live.distrust();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(dialled).toHaveLength(2);
  });

  test('survives messages that are none', () => {
    const { last, heard } = givenALiveSocket();
    last().opens();
    for (const text of ['', 'nonsense', 'null', '[]', '{}']) last().says(text);
    expect(heard).toEqual([]);
  });

  test('asks for what was wanted before it was open, and again after every reconnect', () => {
    const { live, last, dialled } = givenALiveSocket();
    live.watch('t1');
    live.follow(['s1']);
    expect(last().sent).toEqual([]);
    last().opens();
    expect(last().sent).toEqual([{ watch: ['t1'], sales: ['s1'] }]);
    live.watch('t2');
    live.forget('t1');
    last().ends(1006);
    vi.advanceTimersByTime(500);
    expect(dialled).toHaveLength(2);
    last().opens();
    expect(last().sent).toEqual([{ watch: ['t2'], sales: ['s1'] }]);
  });

  test('asks for a sale once, however often it is named', () => {
    const { live, last } = givenALiveSocket();
    last().opens();
    live.follow(['s1']);
    live.follow(['s1', 's2']);
    expect(last().sent).toEqual([
      { watch: [], sales: ['s1'] },
      { watch: [], sales: ['s2'] },
    ]);
  });

  test('begins anew rather than ask one connection for more sales than it may', () => {
    const { live, last, dialled, turns } = givenALiveSocket();
    last().opens();
    for (let i = 0; i < 16; i += 1) live.follow([`s${i}`]);
    expect(dialled).toHaveLength(1);
    live.follow(['s3']);
    live.follow(['s16']);
    expect(dialled).toHaveLength(2);
    last().opens();
    live.follow(['s17']);
    expect(dialled).toHaveLength(2);
    expect(last().sent).toEqual([
      { watch: [], sales: ['s16'] },
      { watch: [], sales: ['s17'] },
    ]);
    expect(turns).toEqual([true, false, true]);
  });

  test('follows no more sales than one connection may', () => {
    const { live, last } = givenALiveSocket();
    last().opens();
    live.follow(Array.from({ length: 20 }, (_, i) => `s${i}`));
    expect(last().sent).toEqual([{ watch: [], sales: Array.from({ length: 16 }, (_, i) => `s${i}`) }]);
  });

  test('says once that it is down, and waits longer from failure to failure', () => {
    const { last, dialled, turns } = givenALiveSocket(1);
    last().opens();
    last().ends(1006);
    expect(turns).toEqual([true, false]);
    for (const wait of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
      const before = dialled.length;
      vi.advanceTimersByTime(wait - 1);
      expect(dialled).toHaveLength(before);
      vi.advanceTimersByTime(1);
      expect(dialled).toHaveLength(before + 1);
      last().ends(1006);
    }
    expect(turns).toEqual([true, false]);
  });

  test('comes back when the server says, then by its own waits again', () => {
    const { last, dialled, heard } = givenALiveSocket(1);
    last().opens();
    last().says('{"type":"bye","retry_ms":1234}');
    last().ends(1012);
    vi.advanceTimersByTime(1_233);
    expect(dialled).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(dialled).toHaveLength(2);
    expect(heard).toEqual([]);
    last().ends(1006);
    vi.advanceTimersByTime(1_000);
    expect(dialled).toHaveLength(3);
  });

  test('starts with short waits again once a socket has held', () => {
    const { last, dialled } = givenALiveSocket(1);
    for (let i = 0; i < 4; i += 1) {
      last().ends(1006);
      vi.advanceTimersByTime(15_000);
    }
    last().opens();
    vi.advanceTimersByTime(5_000);
    const before = dialled.length;
    last().ends(1006);
    vi.advanceTimersByTime(500);
    expect(dialled).toHaveLength(before + 1);
  });

  test('gives up a handshake that nobody answers', () => {
    const { last, dialled } = givenALiveSocket();
    const mute = last();
    vi.advanceTimersByTime(8_000);
    expect(mute.left).toBe(true);
    vi.advanceTimersByTime(500);
    expect(dialled).toHaveLength(2);
  });

  test('does not listen to a socket it has left', () => {
    const { last, heard, turns } = givenALiveSocket();
    const mute = last();
    vi.advanceTimersByTime(8_500);
    mute.opens();
    mute.says('{"type":"hello","server_time":""}');
    mute.ends(1006);
    expect(heard).toEqual([]);
    expect(turns).toEqual([]);
    last().opens();
    expect(turns).toEqual([true]);
  });

  test('hurries when the network is back, and only while it waits', () => {
    const { live, last, dialled } = givenALiveSocket(1);
    live.hurry();
    expect(dialled).toHaveLength(1);
    last().ends(1013);
    live.hurry();
    expect(dialled).toHaveLength(2);
    vi.advanceTimersByTime(7_999);
    expect(dialled).toHaveLength(2);
  });

  test('stays closed when closed', () => {
    const { live, last, dialled } = givenALiveSocket();
    last().opens();
    live.close();
    expect(last().left).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(dialled).toHaveLength(1);
  });

  test('counts an address that cannot be dialled as a failure', () => {
    const dial = vi.fn((): Socket => {
      throw new SyntaxError('no such address');
    });
    openLive({ dial, hear: () => {}, turned: () => {}, random: () => 1 });
    vi.advanceTimersByTime(8_000);
    expect(dial).toHaveBeenCalledTimes(2);
  });
});

describe('the wait before a reconnect', () => {
  test('is anywhere up to its limit, so that a crowd spreads out', () => {
    expect(waitMs(3, 1006, 0)).toBe(0);
    expect(waitMs(3, 1006, 0.5)).toBe(2_000);
  });

  test.each([
    [1006, 500],
    [1012, 2_000],
    [1013, 4_000],
    [1008, 8_000],
  ])('begins longer after close code %i', (code, limit) => {
    expect(waitMs(0, code, 1)).toBe(limit);
  });

  test('has a ceiling', () => {
    expect(waitMs(5_000, 1006, 1)).toBe(15_000);
  });
});

test.each([
  ['ws://127.0.0.1:8081', 'ws://127.0.0.1:8081/v1/live'],
  ['ws://127.0.0.1:8081/v1/live', 'ws://127.0.0.1:8081/v1/live'],
  ['wss://live.shop.example/fast', 'wss://live.shop.example/fast'],
  ['https://live.shop.example', 'wss://live.shop.example/v1/live'],
  ['/v1/live', 'ws://shop.example:8080/v1/live'],
])('%s is dialled as %s', (configured, address) => {
  expect(liveAddress(configured, 'http://shop.example:8080/?sale=1')).toBe(address);
});
