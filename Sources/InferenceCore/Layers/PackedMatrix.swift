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
        var product = mien_product()
        product.rows = count
        product.columns = columns
        product.line_rows = max(count, 1)
        product.segments = 1
        product.segment_length = rows
        product.a = source
        product.a_row_pitch = pitch
        product.packed = UnsafePointer(storage.pointer)
        product.c = destination
        product.c_row_pitch = outputPitch
        product.lower = epilogue.lower
        product.upper = epilogue.upper
        return product
    }
}
