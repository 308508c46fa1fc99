internal import CInferenceKernels

/// Weights `[inputs, outputs]` with their bias, packed for the kernels and the precision of a processor.
final class WeightMatrix: Sendable {
    let inputs: Int
    let outputs: Int
    private let storage: Storage

    private enum Storage {
        case f32(PackedMatrix)
        /// From `quantized.pack`.
        case int8(AlignedStorage)
    }

    /// Rows as the products with one matrix, or with several of as many inputs, read them.
    struct Rows {
        fileprivate let count: Int
        fileprivate let source: UnsafePointer<Float>
        fileprivate let pitch: Int
        /// Codes and their ranges at int8.
        fileprivate let codes: UnsafeRawPointer?
        fileprivate let ranges: UnsafePointer<Float>?
    }

    /// - Parameter weights: `[outputs, inputs]`, row-major.
    init(_ weights: [Float], bias: [Float]?, outputs: Int, on processor: Processor) {
        precondition(outputs > 0 && weights.count % outputs == 0 && (bias?.count ?? outputs) == outputs, "weights and bias fit \(outputs) outputs")
        let inputs = weights.count / outputs, kernels = processor.kernels
        (self.inputs, self.outputs) = (inputs, outputs)
        switch processor.precision {
        case .f32:
            storage = .f32(PackedMatrix(weights, rows: inputs, columns: outputs, rowStride: 1, columnStride: inputs, bias: bias, kernels: kernels))
        case .int8:
            precondition(inputs <= MIEN_QUANTIZED_K, "a sum of \(inputs) products of bytes does not fit 32 bits")
            let packed = AlignedStorage(bytes: kernels.quantized.packed_bytes(inputs, outputs))
            weights.withUnsafeBufferPointer { weights in
                if let bias {
                    kernels.quantized.pack(packed.pointer, weights.baseAddress, inputs, outputs, 1, inputs, bias)
                } else {
                    kernels.quantized.pack(packed.pointer, weights.baseAddress, inputs, outputs, 1, inputs, nil)
                }
            }
            storage = .int8(packed)
        }
    }

    /// Floats of scratch that `rows` needs for `count` rows of `inputs`.
    static func scratchCount(_ count: Int, inputs: Int, on processor: Processor) -> Int {
        guard processor.precision == .int8 else { return 0 }
        return roundUp(2 * count, to: 16) + roundUp(count * processor.kernels.quantized.row_bytes(inputs), to: 64) / 4
    }

    /// Prepares rows, `pitch` floats apart, for any number of products.
    func rows(
        _ count: Int, _ x: UnsafePointer<Float>, pitch: Int, scratch: UnsafeMutablePointer<Float>, _ kernels: mien_kernels
    ) -> Rows {
        guard case .int8 = storage else { return Rows(count: count, source: x, pitch: pitch, codes: nil, ranges: nil) }
        let codes = UnsafeMutableRawPointer(scratch + roundUp(2 * count, to: 16))
        kernels.quantized.quantize_rows(codes, scratch, x, count, inputs, pitch)
        return Rows(count: count, source: x, pitch: pitch, codes: codes, ranges: scratch)
    }

    /// `y = clamp(rows * weights + bias + residual)`, the clamp being that of the epilogue, on this thread.
    ///
    /// - Parameter residual: Rows like those of `y`, and maybe the same.
    func multiply(
        _ rows: Rows, to y: UnsafeMutablePointer<Float>, pitch: Int, adding residual: UnsafePointer<Float>? = nil, _ epilogue: Epilogue,
        _ kernels: mien_kernels
    ) {
        switch storage {
        case .f32(let packed):
            var product = packed.product(rows: rows.count, from: rows.source, pitch: rows.pitch, to: y, pitch: pitch, epilogue)
            product.residual = residual
            product.residual_row_pitch = pitch
            kernels.product(&product)
        case .int8(let packed):
            var product = mien_quantized_product()
            product.rows = rows.count
            product.columns = outputs
            product.k = inputs
            product.codes = rows.codes
            product.ranges = rows.ranges
            product.packed = UnsafeRawPointer(packed.pointer)
            product.c = y
            product.c_row_pitch = pitch
            product.residual = residual
            product.residual_row_pitch = pitch
            product.lower = epilogue.lower
            product.upper = epilogue.upper
            kernels.quantized.product(&product)
        }
    }
}
