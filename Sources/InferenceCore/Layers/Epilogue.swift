internal import CInferenceKernels

/// What happens to a result before it is stored: a clamp inside the kernel, or any other activation right after it while the values are
/// still in the cache.
struct Epilogue: Sendable {
    var lower: Float = -.infinity
    var upper: Float = .infinity
    var later: Activation?

    init(_ activation: Activation?) {
        switch activation {
        case nil: break
        case .relu: lower = 0
        case .clip(let low, let high): (lower, upper) = (low, high)
        default: later = activation
        }
    }

    func finish(_ values: UnsafeMutablePointer<Float>, count: Int, _ kernels: mien_kernels) {
        guard let later else { return }
        let (kind, first, second) = later.kernel
        kernels.activate(values, values, count, kind, first, second)
    }
}

extension Activation {
    var kernel: (mien_activation, Float, Float) {
        switch self {
        case .relu: (MIEN_CLAMP, 0, .infinity)
        case .clip(let lower, let upper): (MIEN_CLAMP, lower, upper)
        case .leakyRelu(let slope): (MIEN_LEAKY_RELU, slope, 0)
        case .sigmoid: (MIEN_SIGMOID, 0, 0)
        case .hardSwish: (MIEN_HARD_SWISH, 0, 0)
        case .silu: (MIEN_SILU, 0, 0)
        case .tanh: (MIEN_TANH, 0, 0)
        case .gelu: (MIEN_GELU, 0, 0)
        case .geluTanh: (MIEN_GELU_TANH, 0, 0)
        }
    }
}
