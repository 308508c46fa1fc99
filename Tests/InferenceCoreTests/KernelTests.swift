import CInferenceKernels
import Testing

@testable import InferenceCore

@Suite("Kernels")
struct KernelTests {
    /// Bound: both sum k terms of at most 1 in the same order; they differ by the rounding that FMA saves, at most k * 2^-24 * k / 4.
    @Test("The matrix product agrees with the scalar one", arguments: tableNames)
    func product(isa: String) {
        let scalar = tables[0], kernels = table(isa)
        for seed in 0..<200 {
            var random = Random(seed)
            let rows = random.extent(Int(kernels.tile_rows), upTo: 60), k = random.extent(kernels.lanes), columns = random.extent(kernels.lanes)
            let a = random.values(rows * k), b = random.values(k * columns), bias = random.values(columns), residual = random.values(rows * columns)
            func run(_ kernels: mien_kernels) -> [Float] {
                var packed = [Float](repeating: 0, count: kernels.packed_count(k, columns)), c = [Float](repeating: 7, count: rows * columns)
                kernels.pack(&packed, b, k, columns, columns, 1, bias)
                c.withUnsafeMutableBufferPointer { c in packed.withUnsafeBufferPointer { packed in residual.withUnsafeBufferPointer { residual in a.withUnsafeBufferPointer { a in
                    var product = mien_product()
                    (product.rows, product.columns, product.line_rows, product.segments, product.segment_length) = (rows, columns, rows, 1, k)
                    (product.a, product.a_row_pitch, product.packed, product.c, product.c_row_pitch) = (a.baseAddress, k, packed.baseAddress, c.baseAddress, columns)
                    (product.residual, product.residual_row_pitch) = (seed % 2 == 0 ? residual.baseAddress : nil, columns)
                    (product.lower, product.upper, product.residual_last, product.accumulate) = (-0.9, .infinity, seed % 4 == 0, seed % 3 == 0)
                    kernels.product(&product)
                } } } }
                return c
            }
            #expect(largestError(run(kernels), run(scalar)) <= 1e-6 + Float(k * k) * 1.5e-8, "\(isa) seed \(seed)")
        }
    }

    /// Bound: 2^-9 of what is added up covers arithmetic in 16 bits, 2^-8 pairs of bfloat16, which round values and weights; f32 is far below. Rows of
    /// huge, tiny and odd values keep to themselves.
    @Test("The product with weights of 16 bits agrees with the scalar one", arguments: tableNames)
    func halfProduct(isa: String) {
        let scalar = tables[0], kernels = table(isa), rounding: Float = kernels.half_pairs ? 0x1p-8 : 0x1p-9
        for seed in 0..<60 {
            var random = Random(seed)
            let rows = random.extent(14, upTo: 120), k = random.extent(64, upTo: 900), columns = random.extent(32, upTo: 150)
            let sizes: [Float] = (0..<rows).map { [1, 1e6, 1e-6, 1e31, .infinity, .nan][($0 * 7 + seed) % 6] }
            let b = random.values(k * columns, in: 0.01...1), bias = random.values(columns), signs = random.values(rows * k)
            var a = signs
            for row in 0..<rows {
                for i in 0..<k where sizes[row].isFinite { a[row * k + i] *= sizes[row] }
                if !sizes[row].isFinite { a[row * k + seed % k] = sizes[row] }
            }
            func run(_ kernels: mien_kernels) -> [Float] {
                var packed = [UInt8](repeating: 0, count: kernels.half_packed_bytes(k, columns)), c = [Float](repeating: 7, count: rows * columns)
                kernels.half_pack(&packed, b, k, columns, columns, 1, bias)
                c.withUnsafeMutableBufferPointer { c in packed.withUnsafeBytes { packed in a.withUnsafeBufferPointer { a in
                    var product = mien_product()
                    (product.rows, product.columns, product.line_rows, product.segments, product.segment_length) = (rows, columns, rows, 1, k)
                    (product.a, product.a_row_pitch, product.c, product.c_row_pitch) = (a.baseAddress, k, c.baseAddress, columns)
                    product.packed = packed.baseAddress?.assumingMemoryBound(to: Float.self)
                    (product.lower, product.upper) = (-.infinity, .infinity)
                    kernels.half_product(&product)
                } } }
                return c
            }
            let got = run(kernels), wanted = run(scalar)
            for row in 0..<rows {
                let size = sizes[row].isFinite ? sizes[row] : 0, here = row * columns..<(row + 1) * columns
                #expect(largestError(Array(got[here]), Array(wanted[here])) <= Float(k) * rounding * size + 1e-6, "\(isa) seed \(seed) row \(row)")
            }
        }
    }

    @Test("Elementwise kernels agree with the scalar ones", arguments: tableNames)
    func elementwise(isa: String) {
        let scalar = tables[0], kernels = table(isa)
        for seed in 0..<100 {
            var random = Random(seed)
            let count = random.extent(kernels.lanes, upTo: 100), x = random.values(count, in: -20...20), z = random.values(count)
            func run(_ kernels: mien_kernels) -> [[Float]] {
                var results: [[Float]] = []
                func collect(_ body: (UnsafeMutablePointer<Float>) -> Void) {
                    // One more than the kernel may write.
                    var y = [Float](repeating: 123, count: count + 1)
                    y.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
                    results.append(y)
                }
                for kind in [MIEN_CLAMP, MIEN_LEAKY_RELU, MIEN_SIGMOID, MIEN_HARD_SWISH, MIEN_SILU, MIEN_TANH] {
                    collect { kernels.activate($0, x, count, kind, 0.25, 3) }
                }
                collect { kernels.add($0, x, z, count, -5, 5) }
                collect { kernels.multiply($0, x, z, count) }
                collect { kernels.softmax($0, x, 1, count) }
                collect { kernels.mean_rows($0, x, 1, count) }
                collect { kernels.scale_shift($0, x, z, z, 1, count) }
                collect { kernels.interpolate($0, x, z, 0.3, count) }
                return results
            }
            for (got, wanted) in zip(run(kernels), run(scalar)) {
                // 2e-7 relative to the largest value there is, 20.
                #expect(largestError(got, wanted) <= 4e-6, "\(isa) seed \(seed)")
                #expect(got[count] == 123)
            }
        }
    }

    @Test("MIEN_ISA chooses a table; a value that cannot be followed gives a reason and the automatic choice")
    func selection() {
        func choose(_ isa: String?) -> (String, String) {
            var error = [CChar](repeating: 0, count: 200)
            let chosen = isa.map { mien_choose_kernels($0, &error, error.count) } ?? mien_choose_kernels(nil, &error, error.count)
            return (String(cString: chosen!.pointee.name), String(decoding: error.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        for name in tableNames { #expect(choose(name) == (name, "")) }
        #expect(choose(nil) == (tableNames.last!, ""))
        #expect(choose("") == (tableNames.last!, ""))
        #expect(choose("sse9").0 == tableNames.last!)
        #expect(choose("sse9").1.contains("is not an instruction set"))
        #expect(choose(String(repeating: "x", count: 5000)).1.contains("is not an instruction set"))
        let foreign = ["amx", "avx512", "neon", "avx2"].first { !tableNames.contains($0) }
        if let foreign { #expect(choose(foreign).1.contains("not supported by this machine")) }
        #expect(Kernels.available == tableNames)
        #expect(tableNames.contains(Kernels.name))
    }
}
