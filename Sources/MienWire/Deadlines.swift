/// When calls run out of time: a heap over (instant, call). Entries of finished calls stay until they outnumber the live ones.
struct Deadlines {
    private var heap: [(instant: ContinuousClock.Instant, call: UInt32)] = []
    private var live: Set<UInt32> = []

    /// The earliest instant; may belong to a call that has finished.
    var earliest: ContinuousClock.Instant? { heap.first?.instant }

    mutating func insert(_ call: UInt32, at instant: ContinuousClock.Instant) {
        live.insert(call)
        heap.append((instant, call))
        siftUp(heap.count - 1)
    }

    mutating func remove(_ call: UInt32) {
        guard live.remove(call) != nil else { return }
        if live.isEmpty {
            heap.removeAll(keepingCapacity: true)
        } else if heap.count > 64, heap.count > 2 * live.count {
            heap = heap.filter { live.contains($0.call) }.sorted { $0.instant < $1.instant }
        }
    }

    /// The next call whose time is up.
    mutating func popExpired(_ now: ContinuousClock.Instant) -> UInt32? {
        while let first = heap.first, first.instant <= now {
            removeFirst()
            if live.remove(first.call) != nil { return first.call }
        }
        return nil
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && heap[child].instant < heap[least].instant { least = child }
            if least == index { return }
            heap.swapAt(index, least)
            index = least
        }
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0, heap[index].instant < heap[(index - 1) / 2].instant {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }
}
