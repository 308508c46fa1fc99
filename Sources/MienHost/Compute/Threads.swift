import CProcess
import InferenceCore
import Synchronization

/// A flag that goes up once.
package final class CancellationFlag: Sendable {
    private let flag = Atomic<Bool>(false)
    package init() {}
    package var isSet: Bool { flag.load(ordering: .relaxed) }
    package func set() { flag.store(true, ordering: .relaxed) }
}

private final class ThreadBody {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Starts a detached thread. `name` is cut to the 15 bytes that Linux keeps. False if the system has no thread left.
package func startThread(named name: String, _ run: @escaping @Sendable () -> Void) -> Bool {
    let body = Unmanaged.passRetained(ThreadBody(run))
    let status = mien_start_thread(name, WorkerPool.stackBytes, { Unmanaged<ThreadBody>.fromOpaque($0!).takeRetainedValue().run() }, body.toOpaque())
    if status != 0 { body.release() }
    return status == 0
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
