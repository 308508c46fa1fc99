internal import CInferenceKernels

/// `y = (x - mean) / sqrt(variance + epsilon) * scale + shift` over each row; totals are f32.
package struct LayerNormalization: Sendable {
    package var width: Int { scale.count }
    private let scale: AlignedStorage
    private let shift: AlignedStorage
    private let epsilon: Float

    /// - Parameter scale: `[width]`, like `shift`.
    package init(scale: [Float], shift: [Float], epsilon: Float) {
        precondition(scale.count == shift.count, "as many shifts as scales")
        self.scale = AlignedStorage(scale)
        self.shift = AlignedStorage(shift)
        self.epsilon = epsilon
    }

    package init(_ pieces: inout PackedPieces, width: Int, epsilon: Float) throws(InferenceError) {
        self.init(scale: try pieces.floats(width), shift: try pieces.floats(width), epsilon: epsilon)
    }

    package func write(to sink: inout some PackedPieceSink) throws {
        for values in [scale, shift] { try sink.append(values) }
    }

    /// Normalises rows `[count, width]` on this thread; y may be x.
    func apply(_ count: Int, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, _ kernels: mien_kernels) {
        kernels.layer_norm(y, x, scale.pointer, shift.pointer, count, width, epsilon)
    }

    /// Normalises rows `[count, width]` on all threads; y may be x.
    package func run(_ count: Int, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, on machine: Machine) {
        machine.parallelRows(count) { rows, _ in
            apply(rows.count, x + rows.lowerBound * width, to: y + rows.lowerBound * width, machine.kernels)
        }
    }
}
