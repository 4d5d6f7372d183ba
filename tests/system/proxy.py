"""Loopback proxies between nodes, one for each ordered pair, that a test can make slow, lossy or deaf. Standard library only."""
import asyncio
import random
import threading


class Path:
    """What `source` says when it dials `target`, and what comes back. All may be set at any time, from any thread."""

    def __init__(self, source, target, port):
        self.source, self.target, self.port = source, target, port
        self.delay = 0.0   # seconds, each way; up to half more at random
        self.rate = 0      # bytes a second, each way; 0: as fast as it goes
        self.deaf = set()  # "there", "back": takes bytes and passes none on; both ends believe in the link
        self.refuse = False
        self.live = set()  # writers of open connections


class Proxies:
    def __init__(self):
        self.paths = {}
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(120)

    def open(self, source, target):
        """A path, whose port `source` dials. Where it leads is said later: lead()."""
        async def listen():
            path = Path(source, target, 0)
            server = await asyncio.start_server(lambda r, w: self._connection(path, r, w), "127.0.0.1", 0)
            path.port = server.sockets[0].getsockname()[1]
            path.to = None
            return path
        self.paths[source, target] = self._do(listen())
        return self.paths[source, target]

    def lead(self, target, address):
        for (_, t), path in self.paths.items():
            if t == target:
                path.to = address.rsplit(":", 1)

    def between(self, a, b):
        """Both paths of a pair: who dials is up to the nodes."""
        return [self.paths[a, b], self.paths[b, a]]

    def touching(self, org):
        return [p for pair, p in self.paths.items() if org in pair]

    def heal(self):
        for p in self.paths.values():
            p.delay, p.rate, p.deaf, p.refuse = 0.0, 0, set(), False

    def cut(self, paths):
        """Closes what is open now; it may be dialed again."""
        async def close():
            for p in paths:
                for w in list(p.live):
                    w.transport.abort()
        self._do(close())

    async def _connection(self, path, reader, writer):
        if path.refuse or path.to is None:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*path.to)
        except OSError:
            writer.transport.abort()
            return
        both = [writer, far_writer]
        path.live.update(both)
        pumps = [asyncio.ensure_future(self._pump(path, "there", reader, far_writer)),
                 asyncio.ensure_future(self._pump(path, "back", far_reader, writer))]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for w in both:
            path.live.discard(w)
            w.transport.abort()
        for p in pumps:
            p.cancel()

    async def _pump(self, path, way, reader, writer):
        """In order: a later piece never overtakes an earlier one. While deaf, what came is held back, and then lost with the link
        or delivered late."""
        due = 0.0
        queue = asyncio.Queue(64)

        async def put():
            while True:
                try:
                    data = await reader.read(16384)
                except OSError:  # reset: as good as an end, for the other side must hear of it
                    data = b""
                await queue.put((self.loop.time() + path.delay * (1 + random.random() / 2), data))
                if not data:
                    return
        feeder = asyncio.ensure_future(put())
        try:
            while True:
                at, data = await queue.get()
                due = max(due, at)
                await asyncio.sleep(max(0.0, due - self.loop.time()))
                while way in path.deaf:
                    await asyncio.sleep(0.02)
                if not data:
                    return
                if path.rate:
                    await asyncio.sleep(len(data) / path.rate)
                writer.write(data)
                await writer.drain()
        except OSError:
            return
        finally:
            feeder.cancel()
