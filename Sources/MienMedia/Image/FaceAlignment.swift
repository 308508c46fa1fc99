/// Turns, scales and shifts: `(x, y)` goes to `(a x - b y + shiftX, b x + a y + shiftY)`. Coordinates are of pixel centres.
package struct SimilarityTransform: Sendable, Hashable {
    package var a: Double
    package var b: Double
    package var shiftX: Double
    package var shiftY: Double

    package init(a: Double, b: Double, shiftX: Double, shiftY: Double) {
        self.a = a
        self.b = b
        self.shiftX = shiftX
        self.shiftY = shiftY
    }

    /// The transform that brings `source` closest to `target` in the sense of least squares (Umeyama 1991, without reflection, which in
    /// the plane has this closed form).
    ///
    /// `nil` if there are fewer than two points, the lists differ in length, or the source points coincide or are not finite.
    package init?(from source: [(x: Double, y: Double)], to target: [(x: Double, y: Double)]) {
        guard source.count == target.count, source.count >= 2 else { return nil }
        let n = Double(source.count)
        let (meanX, meanY) = (source.reduce(0) { $0 + $1.x } / n, source.reduce(0) { $0 + $1.y } / n)
        let (meanU, meanV) = (target.reduce(0) { $0 + $1.x } / n, target.reduce(0) { $0 + $1.y } / n)
        var spread = 0.0, along = 0.0, across = 0.0
        for (from, to) in zip(source, target) {
            let (x, y, u, v) = (from.x - meanX, from.y - meanY, to.x - meanU, to.y - meanV)
            spread += x * x + y * y
            along += x * u + y * v
            across += x * v - y * u
        }
        guard spread > 0, (along / spread).isFinite, (across / spread).isFinite else { return nil }
        a = along / spread
        b = across / spread
        shiftX = meanU - (a * meanX - b * meanY)
        shiftY = meanV - (b * meanX + a * meanY)
    }

    package func callAsFunction(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
        (a * x - b * y + shiftX, b * x + a * y + shiftY)
    }

    /// `nil` if everything collapses into one point.
    package var inverse: SimilarityTransform? {
        let square = a * a + b * b
        guard square > 0, square.isFinite else { return nil }
        let (ia, ib) = (a / square, -b / square)
        return SimilarityTransform(a: ia, b: ib, shiftX: -(ia * shiftX - ib * shiftY), shiftY: -(ib * shiftX + ia * shiftY))
    }
}

extension Picture {
    /// The picture as seen through `transform`, which takes its coordinates to those of the result. Bilinear; black outside.
    ///
    /// `nil` if the transform cannot be inverted.
    package func warped(by transform: SimilarityTransform, width outWidth: Int, height outHeight: Int) -> Picture? {
        guard let inverse = transform.inverse else { return nil }
        let channels = format.channels
        let result = [UInt8](unsafeUninitializedCapacity: outWidth * outHeight * channels) { out, count in
            pixels.withUnsafeBufferPointer { source in
                func sample(_ x: Int, _ y: Int, _ channel: Int) -> Double {
                    x >= 0 && y >= 0 && x < width && y < height ? Double(source[(y * width + x) * channels + channel]) : 0
                }
                for y in 0..<outHeight {
                    for x in 0..<outWidth {
                        let from = inverse(Double(x), Double(y))
                        let base = (y * outWidth + x) * channels
                        // Also keeps huge coordinates from overflowing an integer.
                        guard from.x > -1, from.y > -1, from.x < Double(width), from.y < Double(height) else {
                            for channel in 0..<channels { out[base + channel] = 0 }
                            continue
                        }
                        let left = Int(from.x.rounded(.down)), top = Int(from.y.rounded(.down))
                        let (right, lower) = (from.x - Double(left), from.y - Double(top))
                        for channel in 0..<channels {
                            let above = sample(left, top, channel) * (1 - right) + sample(left + 1, top, channel) * right
                            let below = sample(left, top + 1, channel) * (1 - right) + sample(left + 1, top + 1, channel) * right
                            out[base + channel] = UInt8((above * (1 - lower) + below * lower).rounded())
                        }
                    }
                }
            }
            count = outWidth * outHeight * channels
        }
        return Picture(width: outWidth, height: outHeight, format: format, pixels: result)
    }
}
