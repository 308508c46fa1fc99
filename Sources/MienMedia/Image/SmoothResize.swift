extension Picture {
    /// Resized with a triangle as wide as a pixel of the result (of the source, where it grows): `Image.resize` of Pillow with `BILINEAR` on
    /// 8-bit pixels, to the bit, which is what the image processors of transformers do for SigLIP. Pillow 13 goes along the columns first for
    /// some sizes, and then differs by one step.
    package func resizedSmoothly(width outWidth: Int, height outHeight: Int) -> Picture {
        precondition(width > 0 && height > 0 && outWidth > 0 && outHeight > 0, "pictures have pixels")
        let channels = format.channels, line = outWidth * channels
        let columns = TriangleTaps.all(from: width, to: outWidth), rows = TriangleTaps.all(from: height, to: outHeight)
        // Along the lines first; what comes out is rounded to 8 bits, as in Pillow.
        let narrow = [UInt8](unsafeUninitializedCapacity: line * height) { out, count in
            pixels.withUnsafeBufferPointer { source in
                for y in 0..<height {
                    for (x, column) in columns.enumerated() {
                        let first = (y * width + column.first) * channels
                        for channel in 0..<channels {
                            var sum = TriangleTaps.half
                            for (place, weight) in column.weights.enumerated() { sum &+= weight &* Int32(source[first + place * channels + channel]) }
                            out[y * line + x * channels + channel] = TriangleTaps.rounded(sum)
                        }
                    }
                }
            }
            count = line * height
        }
        let result = [UInt8](unsafeUninitializedCapacity: line * outHeight) { out, count in
            var sums = [Int32](repeating: 0, count: line)
            narrow.withUnsafeBufferPointer { source in
                sums.withUnsafeMutableBufferPointer { sums in
                    for (y, row) in rows.enumerated() {
                        for x in 0..<line { sums[x] = TriangleTaps.half }
                        for (place, weight) in row.weights.enumerated() {
                            let first = (row.first + place) * line
                            for x in 0..<line { sums[x] &+= weight &* Int32(source[first + x]) }
                        }
                        for x in 0..<line { out[y * line + x] = TriangleTaps.rounded(sums[x]) }
                    }
                }
            }
            count = line * outHeight
        }
        return Picture(width: outWidth, height: outHeight, format: format, pixels: result, originalWidth: originalWidth,
                       originalHeight: originalHeight)
    }
}

/// The pixels that one pixel of the result is made of, with weights that add up to 2^22.
private struct TriangleTaps {
    let first: Int
    let weights: [Int32]

    private static let bits: Int32 = 22
    static let half: Int32 = 1 << (bits - 1)

    static func rounded(_ sum: Int32) -> UInt8 { UInt8(clamping: sum &>> bits) }

    static func all(from count: Int, to outCount: Int) -> [TriangleTaps] {
        let scale = Double(count) / Double(outCount), reach = max(scale, 1), slope = 1 / reach
        return (0..<outCount).map { index in
            let centre = (Double(index) + 0.5) * scale
            let first = max(Int(centre - reach + 0.5), 0), end = min(Int(centre + reach + 0.5), count)
            let shares = (first..<end).map { max(0, 1 - abs((Double($0) - centre + 0.5) * slope)) }, total = shares.reduce(0, +)
            return TriangleTaps(first: first, weights: shares.map { Int32(($0 / total * Double(1 << bits) + 0.5).rounded(.down)) })
        }
    }
}
