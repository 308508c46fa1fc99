internal import CInferenceKernels

/// Weights `[k, n]` with their bias, in the layout of the kernels chosen for this process.
final class PackedMatrix: Sendable {
    let rows: Int
    let columns: Int
    private let storage: AlignedStorage

    /// - Parameters:
    ///   - weights: element (k, n) is at `k * rowStride + n * columnStride`.
    init(_ weights: [Float], rows: Int, columns: Int, rowStride: Int, columnStride: Int, bias: [Float]?, kernels: mien_kernels) {
        self.rows = rows
        self.columns = columns
        storage = AlignedStorage(count: kernels.packed_count(rows, columns))
        weights.withUnsafeBufferPointer { weights in
            if let bias {
                kernels.pack(storage.pointer, weights.baseAddress, rows, columns, rowStride, columnStride, bias)
            } else {
                kernels.pack(storage.pointer, weights.baseAddress, rows, columns, rowStride, columnStride, nil)
            }
        }
    }

    /// `mien_product` for plain rows; the caller adjusts pitches, segments and epilogue.
    func product(
        rows count: Int, from source: UnsafePointer<Float>, pitch: Int, to destination: UnsafeMutablePointer<Float>, pitch outputPitch: Int,
        _ epilogue: Epilogue
    ) -> mien_product {
        mien_product(storage.pointer, inputs: rows, outputs: columns, rows: count, from: source, pitch: pitch, to: destination, pitch: outputPitch, epilogue)
    }
}

extension mien_product {
    /// Plain rows times weights that `pack` or `half_pack` wrote.
    init(
        _ packed: UnsafePointer<Float>, inputs: Int, outputs: Int, rows count: Int, from source: UnsafePointer<Float>, pitch: Int,
        to destination: UnsafeMutablePointer<Float>, pitch outputPitch: Int, _ epilogue: Epilogue
    ) {
        self.init()
        rows = count
        columns = outputs
        line_rows = max(count, 1)
        segments = 1
        segment_length = inputs
        a = source
        a_row_pitch = pitch
        self.packed = packed
        c = destination
        c_row_pitch = outputPitch
        lower = epilogue.lower
        upper = epilogue.upper
    }
}
