/// How light is spread over a picture.
package struct Exposure: Sendable, Hashable {
    /// Mean grey level, 0...255.
    package var mean: Float
    /// Standard deviation of the grey level.
    package var contrast: Float
    /// Share of pixels at most 5, 0...1.
    package var black: Float
    /// Share of pixels at least 250, 0...1.
    package var white: Float
}

extension Picture {
    package var exposure: Exposure {
        let gray = grayscale()
        var sum = 0, squares = 0, black = 0, white = 0
        for value in gray.pixels {
            sum += Int(value)
            squares += Int(value) * Int(value)
            if value <= 5 { black += 1 }
            if value >= 250 { white += 1 }
        }
        let count = Float(max(gray.pixels.count, 1))
        let mean = Float(sum) / count
        return Exposure(mean: mean, contrast: max(0, Float(squares) / count - mean * mean).squareRoot(), black: Float(black) / count,
                        white: Float(white) / count)
    }

    /// Variance of the Laplacian of the grey picture: the usual measure of focus. The kernel is the 4-neighbour one, edges are mirrored
    /// without repeating the outermost pixel (`cv2.Laplacian(gray, CV_64F).var()`).
    package var laplacianVariance: Double {
        let gray = grayscale().pixels
        guard width > 1, height > 1 else { return 0 }
        var sum = 0, squares = 0
        for y in 0..<height {
            let above = (y == 0 ? 1 : y - 1) * width, below = (y == height - 1 ? height - 2 : y + 1) * width
            for x in 0..<width {
                let left = x == 0 ? 1 : x - 1, right = x == width - 1 ? width - 2 : x + 1
                let value = Int(gray[above + x]) + Int(gray[below + x]) + Int(gray[y * width + left]) + Int(gray[y * width + right])
                    - 4 * Int(gray[y * width + x])
                sum += value
                squares += value * value
            }
        }
        let count = Double(width * height), mean = Double(sum) / count
        return Double(squares) / count - mean * mean
    }
}
