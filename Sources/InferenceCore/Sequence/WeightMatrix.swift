internal import CInferenceKernels

/// Weights `[inputs, outputs]` with their bias, packed for the kernels and the precision of a processor.
final class WeightMatrix: Sendable {
    let inputs: Int
    let outputs: Int
    private let precision: Precision
    private let storage: AlignedStorage

    /// Rows as the products with one matrix, or with several of as many inputs, read them.
    struct Rows {
        fileprivate let count: Int
        fileprivate let source: UnsafePointer<Float>
        fileprivate let pitch: Int
        fileprivate let ofMany: Bool
        /// Codes and their ranges at int8.
        fileprivate let codes: UnsafeRawPointer?
        fileprivate let ranges: UnsafePointer<Float>?
    }

    /// - Parameter weights: `[outputs, inputs]`, row-major.
    init(_ weights: [Float], bias: [Float]?, outputs: Int, on processor: Processor) {
        precondition(outputs > 0 && weights.count % outputs == 0 && (bias?.count ?? outputs) == outputs, "weights and bias fit \(outputs) outputs")
        let inputs = weights.count / outputs, kernels = processor.kernels
        (self.inputs, self.outputs, precision) = (inputs, outputs, processor.precision)
        let packed = AlignedStorage(bytes: Self.byteCount(inputs: inputs, outputs: outputs, on: processor))
        storage = packed
        weights.withUnsafeBufferPointer { weights in
            func pack(_ bias: UnsafePointer<Float>?) {
                switch processor.precision {
                case .f32: kernels.pack(packed.pointer, weights.baseAddress, inputs, outputs, 1, inputs, bias)
                case .f16: kernels.half_pack(packed.pointer, weights.baseAddress, inputs, outputs, 1, inputs, bias)
                case .int8: kernels.quantized.pack(packed.pointer, weights.baseAddress, inputs, outputs, 1, inputs, bias)
                }
            }
            if let bias { bias.withUnsafeBufferPointer { pack($0.baseAddress) } } else { pack(nil) }
        }
    }

    /// Weights that `write` wrote for a processor of the same layout and precision.
    ///
    /// - Throws: `InferenceError` if there are not enough.
    init(_ pieces: inout PackedPieces, inputs: Int, outputs: Int, on processor: Processor) throws(InferenceError) {
        (self.inputs, self.outputs, precision) = (inputs, outputs, processor.precision)
        storage = try pieces.storage(bytes: Self.byteCount(inputs: inputs, outputs: outputs, on: processor))
    }

    func write(to sink: inout some PackedPieceSink) throws { try sink.append(storage) }

    private static func byteCount(inputs: Int, outputs: Int, on processor: Processor) -> Int {
        let kernels = processor.kernels
        switch processor.precision {
        case .f32: return kernels.packed_count(inputs, outputs) * MemoryLayout<Float>.stride
        case .f16: return kernels.half_packed_bytes(inputs, outputs)
        case .int8:
            precondition(inputs <= MIEN_QUANTIZED_K, "a sum of \(inputs) products of bytes does not fit 32 bits")
            return kernels.quantized.packed_bytes(inputs, outputs)
        }
    }

    /// Floats of scratch that `rows` needs for `count` rows of `inputs`.
    static func scratchCount(_ count: Int, inputs: Int, on processor: Processor) -> Int {
        guard processor.precision == .int8 else { return 0 }
        return roundUp(2 * count, to: 16) + roundUp(count * processor.kernels.quantized.row_bytes(inputs), to: 64) / 4
    }

    /// Prepares rows, `pitch` floats apart, for any number of products.
    ///
    /// - Parameter ofMany: Whether they are rows of a sequence, of which there usually are many: then processors with tiles use them at f32 and f16.
    ///   Results differ by what rounding does, so this must not depend on how rows are cut or put together.
    func rows(
        _ count: Int, _ x: UnsafePointer<Float>, pitch: Int, ofMany: Bool, scratch: UnsafeMutablePointer<Float>, _ kernels: mien_kernels
    ) -> Rows {
        let rows = prepared(count, x, pitch: pitch, ofMany: ofMany, scratch: scratch)
        if let codes = rows.codes { kernels.quantized.quantize_rows(UnsafeMutableRawPointer(mutating: codes), scratch, x, count, inputs, pitch) }
        return rows
    }

    /// The same rows again, which `rows` has prepared in `scratch` before.
    func prepared(_ count: Int, _ x: UnsafePointer<Float>, pitch: Int, ofMany: Bool, scratch: UnsafeMutablePointer<Float>) -> Rows {
        guard precision == .int8 else { return Rows(count: count, source: x, pitch: pitch, ofMany: ofMany, codes: nil, ranges: nil) }
        return Rows(count: count, source: x, pitch: pitch, ofMany: ofMany, codes: scratch + roundUp(2 * count, to: 16), ranges: scratch)
    }

    /// `y = clamp(rows * weights + bias + residual)`, the clamp being that of the epilogue, on this thread.
    ///
    /// - Parameter residual: Rows like those of `y`, and maybe the same.
    func multiply(
        _ rows: Rows, to y: UnsafeMutablePointer<Float>, pitch: Int, adding residual: UnsafePointer<Float>? = nil, _ epilogue: Epilogue,
        _ kernels: mien_kernels
    ) {
        switch precision {
        case .f32, .f16:
            var product = mien_product(
                storage.pointer, inputs: inputs, outputs: outputs, rows: rows.count, from: rows.source, pitch: rows.pitch, to: y, pitch: pitch, epilogue)
            product.residual = residual
            product.residual_row_pitch = pitch
            product.tiled = rows.ofMany
            if precision == .f32 { kernels.product(&product) } else { kernels.half_product(&product) }
        case .int8:
            var product = mien_quantized_product()
            product.rows = rows.count
            product.columns = outputs
            product.k = inputs
            product.codes = rows.codes
            product.ranges = rows.ranges
            product.packed = UnsafeRawPointer(storage.pointer)
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
