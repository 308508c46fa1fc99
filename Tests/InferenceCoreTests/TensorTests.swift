import Testing

@testable import InferenceCore

@Suite("Tensors")
struct TensorTests {
    @Test("A copy keeps its values when the original is written")
    func copyOnWrite() {
        var a = Tensor(shape: [2, 3], values: (0..<6).map(Float.init))
        let b = a
        a.withUnsafeMutableBufferPointer { $0[0] = 9 }
        #expect(a.values == [9, 1, 2, 3, 4, 5] && b.values == [0, 1, 2, 3, 4, 5])
        #expect(b.reshaped(to: [6]).values == b.values)
        #expect(Tensor(shape: [0, 4]).values.isEmpty && Tensor(shape: []).values == [0])
    }

    @Test("Storage starts on a cache line")
    func alignment() {
        for count in [0, 1, 17, 1000] { #expect(UInt(bitPattern: AlignedStorage(count: count).pointer) % 64 == 0) }
    }
}

@Suite("Resizing pictures")
struct ImageResizeTests {
    /// Bilinear by definition, in double precision.
    private func bilinear(_ s: [UInt8], _ w: Int, _ h: Int, _ c: Int, to width: Int, _ height: Int) -> [Double] {
        var result: [Double] = []
        for y in 0..<height { for x in 0..<width { for channel in 0..<c {
            let v = min(max((Double(y) + 0.5) * Double(h) / Double(height) - 0.5, 0), Double(h - 1)), u = min(max((Double(x) + 0.5) * Double(w) / Double(width) - 0.5, 0), Double(w - 1))
            let (y0, x0) = (Int(v), Int(u)), (y1, x1) = (min(y0 + 1, h - 1), min(x0 + 1, w - 1))
            func at(_ y: Int, _ x: Int) -> Double { Double(s[(y * w + x) * c + channel]) }
            let top = at(y0, x0) + (at(y0, x1) - at(y0, x0)) * (u - Double(x0)), bottom = at(y1, x0) + (at(y1, x1) - at(y1, x0)) * (u - Double(x0))
            result.append(top + (bottom - top) * (v - Double(y0)))
        } } }
        return result
    }

    /// Mean over the area by summing a grid of exact coverages.
    private func area(_ s: [UInt8], _ w: Int, _ h: Int, _ c: Int, to width: Int, _ height: Int) -> [Double] {
        func coverage(_ i: Int, _ target: Int, _ source: Int, _ count: Int) -> Double {
            let ratio = Double(source) / Double(count)
            return max(0, min(Double(i + 1), Double(target + 1) * ratio) - max(Double(i), Double(target) * ratio)) / ratio
        }
        var result: [Double] = []
        for y in 0..<height { for x in 0..<width { for channel in 0..<c {
            var sum = 0.0
            for sy in 0..<h { for sx in 0..<w { sum += Double(s[(sy * w + sx) * c + channel]) * coverage(sy, y, h, height) * coverage(sx, x, w, width) } }
            result.append(sum)
        } } }
        return result
    }

    @Test("Bilinear and area match their definitions", arguments: [1, 3, 4])
    func definitions(channels: Int) {
        for seed in 0..<12 {
            var random = Random(seed)
            let (w, h) = (Int.random(in: 1...23, using: &random), Int.random(in: 1...19, using: &random))
            let (width, height) = (Int.random(in: 1...30, using: &random), Int.random(in: 1...40, using: &random))
            let picture = (0..<w * h * channels).map { _ in UInt8.random(in: 0...255, using: &random) }
            for method in [ImageResize.bilinear, .area] {
                let shrinks = width <= w && height <= h
                let wanted = method == .area && shrinks ? area(picture, w, h, channels, to: width, height) : bilinear(picture, w, h, channels, to: width, height)
                var bytes = [UInt8](repeating: 0, count: width * height * channels), floats = [Float](repeating: 0, count: bytes.count)
                picture.withUnsafeBufferPointer { picture in
                    let view = PixelView(picture.baseAddress!, width: w, height: h, channels: channels)
                    bytes.withUnsafeMutableBufferPointer { method.resize(view, width: width, height: height, to: $0) }
                    let scale = [Float](repeating: 0.5, count: channels), offset = (0..<channels).map { Float($0) }
                    floats.withUnsafeMutableBufferPointer { method.resize(view, width: width, height: height, scale: scale, offset: offset, to: $0) }
                }
                for i in wanted.indices {
                    #expect(abs(Double(bytes[i]) - wanted[i]) <= 0.51)
                    #expect(abs(Double(floats[i]) - (wanted[i] * 0.5 + Double(i % channels))) < 1e-3)
                }
            }
        }
    }

    @Test("Resizing to the same size changes nothing")
    func identity() {
        var random = Random(1)
        let picture = (0..<13 * 7 * 3).map { _ in UInt8.random(in: 0...255, using: &random) }
        for method in [ImageResize.bilinear, .area] {
            var result = [UInt8](repeating: 0, count: picture.count)
            picture.withUnsafeBufferPointer { picture in
                let view = PixelView(picture.baseAddress!, width: 13, height: 7, channels: 3)
                result.withUnsafeMutableBufferPointer { method.resize(view, width: 13, height: 7, to: $0) }
            }
            #expect(result == picture)
        }
    }
}
