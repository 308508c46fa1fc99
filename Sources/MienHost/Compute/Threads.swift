import CProcess
import Synchronization
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A flag that goes up once.
package final class CancellationFlag: Sendable {
    private let flag = Atomic<Bool>(false)
    package init() {}
    package var isSet: Bool { flag.load(ordering: .relaxed) }
    package func set() { flag.store(true, ordering: .relaxed) }
}

private final class ThreadBody {
    let name: String
    let run: @Sendable () -> Void
    init(name: String, run: @escaping @Sendable () -> Void) {
        self.name = name
        self.run = run
    }
}

/// Starts a detached thread. `name` is cut to the 15 bytes that Linux keeps. False if the system has no thread left.
package func startThread(named name: String, _ run: @escaping @Sendable () -> Void) -> Bool {
    // Those that compute need most of a megabyte for it; see WorkerPool.
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, 4 << 20)
    defer { pthread_attr_destroy(&attributes) }
    let body = Unmanaged.passRetained(ThreadBody(name: String(name.prefix(15)), run: run))
    #if canImport(Darwin)
    var thread: pthread_t?
    let code = pthread_create(&thread, &attributes, { argument in
        let body = Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
        mien_name_thread(body.name)
        body.run()
        return nil
    }, body.toOpaque())
    guard code == 0, let thread else { body.release(); return false }
    #else
    var thread = pthread_t()
    let code = pthread_create(&thread, &attributes, { argument in
        let body = Unmanaged<ThreadBody>.fromOpaque(argument!).takeRetainedValue()
        mien_name_thread(body.name)
        body.run()
        return nil
    }, body.toOpaque())
    guard code == 0 else { body.release(); return false }
    #endif
    pthread_detach(thread)
    return true
}

/// A first-in first-out list with cheap removal at the front.
struct Deque<Element> {
    private var items: [Element?] = []
    private var head = 0

    var count: Int { items.count - head }
    var first: Element? { head < items.count ? items[head] : nil }

    mutating func append(_ element: Element) { items.append(element) }

    mutating func popFirst() -> Element? {
        guard head < items.count else { return nil }
        defer {
            items[head] = nil
            head += 1
            // Half of the store is spent: move the rest to the front.
            if head > 32, head * 2 > items.count {
                items.removeFirst(head)
                head = 0
            }
        }
        return items[head]
    }

    mutating func removeFirst(where matches: (Element) -> Bool) -> Element? {
        guard let index = items[head...].firstIndex(where: { $0.map(matches) ?? false }) else { return nil }
        return items.remove(at: index)
    }

    mutating func removeAll() -> [Element] {
        defer { items = []; head = 0 }
        return items[head...].compactMap { $0 }
    }
}
