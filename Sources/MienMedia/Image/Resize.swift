import InferenceCore

extension Picture {
    /// Resized with bilinear interpolation between pixel centres, without smoothing when it shrinks: `cv2.resize` with `INTER_LINEAR`
    /// on 8-bit pixels, to the bit, because classifiers were trained on what that function made.
    package func resizedBilinear(width outWidth: Int, height outHeight: Int) -> Picture {
        precondition(width > 0 && height > 0 && outWidth > 0 && outHeight > 0, "pictures have pixels")
        // Columns at the edge repeat the outer pixel; rows blend it with itself, which rounds differently. Both as in OpenCV.
        let columns = BilinearTap.taps(from: width, to: outWidth, blendsEdges: false)
        let rows = BilinearTap.taps(from: height, to: outHeight, blendsEdges: true)
        let channels = format.channels
        let result = [UInt8](unsafeUninitializedCapacity: outWidth * outHeight * channels) { out, count in
            pixels.withUnsafeBufferPointer { source in
                for (y, row) in rows.enumerated() {
                    let upper = row.first * width * channels, lower = row.second * width * channels
                    for (x, column) in columns.enumerated() {
                        for channel in 0..<channels {
                            let left = column.first * channels + channel, right = column.second * channels + channel
                            let above = column.blend(source[upper + left], source[upper + right])
                            let below = column.blend(source[lower + left], source[lower + right])
                            let sum = (row.firstWeight &* (above &>> 4)) &>> 16 &+ (row.secondWeight &* (below &>> 4)) &>> 16
                            out[(y * outWidth + x) * channels + channel] = UInt8(clamping: (sum &+ 2) &>> 2)
                        }
                    }
                }
            }
            count = outWidth * outHeight * channels
        }
        return Picture(width: outWidth, height: outHeight, format: format, pixels: result, originalWidth: originalWidth,
                       originalHeight: originalHeight)
    }

    /// Shrunk so that every pixel is the mean of the area it covers (`INTER_AREA`): no aliasing, so that small faces survive.
    ///
    /// - Precondition: Neither side grows.
    package func shrunk(width outWidth: Int, height outHeight: Int) -> Picture {
        precondition(outWidth > 0 && outHeight > 0 && outWidth <= width && outHeight <= height, "shrinking makes pictures smaller")
        guard outWidth != width || outHeight != height else { return self }
        let count = outWidth * outHeight * format.channels
        let result = [UInt8](unsafeUninitializedCapacity: count) { out, filled in
            pixels.withUnsafeBufferPointer { source in
                ImageResize.area.resize(PixelView(source.baseAddress!, width: width, height: height, channels: format.channels),
                                        width: outWidth, height: outHeight, to: UnsafeMutableBufferPointer(rebasing: out[..<count]))
            }
            filled = count
        }
        return Picture(width: outWidth, height: outHeight, format: format, pixels: result, originalWidth: originalWidth,
                       originalHeight: originalHeight)
    }
}

/// Two neighbours and their weights, of 2048.
private struct BilinearTap {
    let first: Int
    let second: Int
    let firstWeight: Int32
    let secondWeight: Int32

    func blend(_ one: UInt8, _ other: UInt8) -> Int32 { Int32(one) &* firstWeight &+ Int32(other) &* secondWeight }

    static func taps(from count: Int, to outCount: Int, blendsEdges: Bool) -> [BilinearTap] {
        let scale = Double(count) / Double(outCount)
        return (0..<outCount).map { index in
            let position = Float((Double(index) + 0.5) * scale - 0.5)
            let floor = Int(position.rounded(.down))
            var fraction = position - Float(floor)
            if !blendsEdges, floor < 0 || floor >= count - 1 { fraction = 0 }
            return BilinearTap(first: min(max(floor, 0), count - 1),
                               second: min(max(floor + 1, 0), count - 1),
                               firstWeight: Int32(((1 - fraction) * 2048).rounded(.toNearestOrEven)),
                               secondWeight: Int32((fraction * 2048).rounded(.toNearestOrEven)))
        }
    }
}
