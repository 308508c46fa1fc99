internal import CInferenceKernels

/// How a network's weights are stored and multiplied.
package enum Precision: String, Sendable, CaseIterable {
    case f32
    /// Weights of 16 bits (IEEE 754 binary16): half the memory, a rounding of 2^-11 of each weight. Arithmetic in f32, or in 16 bits with
    /// totals in f32 where the processor has it (AVX-512 with FP16), which costs a product about 0.12 % (root mean square), or with values rounded
    /// to bfloat16 where it has tiles (AMX): 0.16 %. Where it multiplies pairs of bfloat16 (AVX-512 with BF16, without FP16), weights are rounded
    /// to that too, by 2^-9: 0.23 %.
    case f16
    /// Weights of 8 bits with a scale for each output, and activations rounded to 8 bits as they come, with a scale for each row (7 bits
    /// where the processor multiplies bytes in 16 bits: AVX2, and AVX-512 without VNNI). Totals are exact. Norms, activation functions,
    /// the softmax and what is added to the residual stream stay f32.
    case int8
}

/// What a network over sequences is made for: the kernels that its weights are packed for, the precision, and the threads that run it.
package struct Processor: Sendable {
    let kernels: mien_kernels
    let pool: WorkerPool
    /// At most so many threads of the pool work on one run.
    package let threads: Int
    package let precision: Precision

    /// The fastest kernels of this process and its shared pool.
    package init(threads: Int = .max, precision: Precision = .f32) {
        self.init(kernels: Kernels.table, threads: threads, precision: precision, pool: .shared)
    }

    /// The precision that is fastest in this process: `int8`, but for the scalar kernels, which have no instructions for products of bytes.
    package static var fastestPrecision: Precision { Kernels.name == "scalar" ? .f32 : .int8 }

    init(kernels: mien_kernels, threads: Int = .max, precision: Precision = .f32, pool: WorkerPool) {
        self.kernels = kernels
        self.pool = pool
        self.threads = max(1, min(threads, pool.threads))
        self.precision = precision
    }

    /// How weights are laid out in memory; weights that were packed for one layout are of no use to another.
    package var layout: String {
        "\(String(cString: kernels.layout))-\(kernels.half_width)\(kernels.half_pairs ? "bf16" : "")-\(kernels.quantized.width)"
    }

    /// Most inputs of a product: sums of more bytes would not fit.
    package var mostInputs: Int { precision == .int8 ? MIEN_QUANTIZED_K : .max }

    /// The same at another precision, for a part of a network that needs it.
    package func at(_ precision: Precision) -> Processor {
        Processor(kernels: kernels, threads: threads, precision: precision, pool: pool)
    }
}
