/// Working memory for the runs of one network over sequences. Runs may overlap; each has memory of its own.
package final class Workspace: Sendable {
    private let processor: Processor
    private let arenas = ArenaPool(kept: 2)

    package init(on processor: Processor) { self.processor = processor }

    /// Gives `body` memory for values, on a 64-byte boundary and not initialised, and a machine whose threads have scratch memory.
    ///
    /// - Parameters:
    ///   - count: Floats for values.
    ///   - scratch: Floats for each thread: the largest `scratchCount` of the operations that `body` runs.
    package func run<Result, Failure: Error>(
        count: Int, scratch: Int, _ body: (Machine, UnsafeMutablePointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let values = roundUp(count, to: 16), share = roundUp(scratch, to: 16)
        let arena = arenas.take(count: values + processor.threads * share)
        defer { arenas.give(arena) }
        let machine = Machine(kernels: processor.kernels, pool: processor.pool, threads: processor.threads,
                              scratch: arena.pointer + values, scratchCount: share, rowPiece: processor.rowPiece)
        return try body(machine, arena.pointer)
    }

    /// Lets go of memory that is kept for the next run.
    package func releaseMemory() { arenas.removeAll() }
}
