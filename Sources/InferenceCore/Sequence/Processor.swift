internal import CInferenceKernels

/// What a network over sequences is made for: the kernels that its weights are packed for, and the threads that run it.
package struct Processor: Sendable {
    let kernels: mien_kernels
    let pool: WorkerPool
    /// At most so many threads of the pool work on one run.
    package let threads: Int

    /// The fastest kernels of this process and its shared pool.
    package init(threads: Int = .max) { self.init(kernels: Kernels.table, threads: threads, pool: .shared) }

    init(kernels: mien_kernels, threads: Int = .max, pool: WorkerPool) {
        self.kernels = kernels
        self.pool = pool
        self.threads = max(1, min(threads, pool.threads))
    }
}
