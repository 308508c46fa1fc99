import Synchronization
import Testing

@testable import InferenceCore

@Suite("Worker pool")
struct WorkerPoolTests {
    @Test("Every index is run once, for any number of threads", arguments: [1, 2, 3, 8])
    func everyIndexOnce(threads: Int) {
        let pool = WorkerPool(threads: threads)
        for count in [0, 1, 2, 7, 100, 1001] {
            let counts = (0..<count).map { _ in Counter() }
            pool.parallelFor(count) { range in for index in range { counts[index].increment() } }
            #expect(counts.allSatisfy { $0.value == 1 })
        }
    }

    @Test("Loops may nest and may come from several threads at once")
    func nestedAndConcurrent() async {
        let pool = WorkerPool(threads: 3)
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let total = Counter()
                    for _ in 0..<50 {
                        pool.parallelFor(10) { outer in
                            for _ in outer { pool.parallelFor(10) { inner in for _ in inner { total.increment() } } }
                        }
                    }
                    return total.value
                }
            }
            for await total in group { #expect(total == 5000) }
        }
    }

    @Test("Two calls at the same time never share a slot")
    func slots() {
        let pool = WorkerPool(threads: 4)
        let users = (0..<4).map { _ in Counter() }, clashes = Counter()
        pool.parallelFor(2000, threads: 3) { _, slot in
            if slot >= 3 || users[slot].increment() != 1 { clashes.increment() }
            users[slot].decrement()
        }
        #expect(clashes.value == 0)
    }
}

private final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .relaxed) }
    @discardableResult func increment() -> Int { count.add(1, ordering: .relaxed).newValue }
    func decrement() { count.subtract(1, ordering: .relaxed) }
}
