internal import CInferenceKernels

/// Pixels of 1...4 interleaved bytes, in memory that the caller keeps: a whole picture or a rectangle of one.
package struct PixelView {
    package let pixels: UnsafePointer<UInt8>
    /// In pixels; both at least 1.
    package let width: Int
    package let height: Int
    package let channels: Int
    /// Bytes from one row to the next.
    package let rowBytes: Int

    package init(_ pixels: UnsafePointer<UInt8>, width: Int, height: Int, channels: Int, rowBytes: Int? = nil) {
        precondition(width > 0 && height > 0 && (1...4).contains(channels), "a picture of \(width) x \(height) x \(channels)")
        self.pixels = pixels
        self.width = width
        self.height = height
        self.channels = channels
        self.rowBytes = rowBytes ?? width * channels
    }
}

/// Resizes pictures, on all threads of the pool.
package enum ImageResize: Sendable {
    /// Half-pixel centres, the two nearest source pixels along each axis, edges repeated: OpenCV's `INTER_LINEAR` to within one step.
    case bilinear
    /// Mean over the source area of each pixel: OpenCV's `INTER_AREA` when shrinking. An axis that grows makes it bilinear.
    case area

    /// Resizes to bytes: `[height, width, channels]`, rounded to nearest.
    package func resize(_ source: PixelView, width: Int, height: Int, to target: UnsafeMutableBufferPointer<UInt8>) {
        precondition(target.count == width * height * source.channels, "the target has room for the picture")
        let kernels = Kernels.table, line = width * source.channels
        run(source, width: width, height: height) { y, values in
            kernels.quantize(target.baseAddress! + y * line, values, line)
        }
    }

    /// Resizes to `[height, width, channels]` floats: `value * scale[c] + offset[c]`, where value is 0...255, not rounded.
    ///
    /// - Parameter scale: one factor for each channel, like `offset`.
    package func resize(
        _ source: PixelView, width: Int, height: Int, scale: [Float], offset: [Float], to target: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(target.count == width * height * source.channels, "the target has room for the picture")
        precondition(scale.count == source.channels && offset.count == source.channels, "a scale and an offset for each channel")
        let kernels = Kernels.table, line = width * source.channels
        run(source, width: width, height: height) { y, values in
            kernels.normalize(target.baseAddress! + y * line, values, scale, offset, width, source.channels)
        }
    }

    private func run(_ source: PixelView, width: Int, height: Int, finish: (_ y: Int, _ values: UnsafePointer<Float>) -> Void) {
        guard width > 0, height > 0 else { return }
        let shrinks = width <= source.width && height <= source.height
        let strip = 32
        if case .area = self, shrinks {
            let columns = AreaAxis(from: source.width, to: width), rows = AreaAxis(from: source.height, to: height)
            WorkerPool.shared.parallelFor((height + strip - 1) / strip, threads: .max) { index, _ in
                average(source, columns, rows, lines: index * strip..<min((index + 1) * strip, height), finish)
            }
        } else {
            let columns = LinearAxis(from: source.width, to: width), rows = LinearAxis(from: source.height, to: height)
            WorkerPool.shared.parallelFor((height + strip - 1) / strip, threads: .max) { index, _ in
                interpolate(source, columns, rows, lines: index * strip..<min((index + 1) * strip, height), finish)
            }
        }
    }

    private func interpolate(
        _ source: PixelView, _ columns: LinearAxis, _ rows: LinearAxis, lines: Range<Int>, _ finish: (Int, UnsafePointer<Float>) -> Void
    ) {
        let kernels = Kernels.table, width = columns.first.count, count = width * source.channels
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * count) { memory in
            // Two source lines after the horizontal pass; a line that the next output line needs again is not made twice.
            var held = [-1, -1]
            func line(_ row: Int, keeping other: Int) -> UnsafeMutablePointer<Float> {
                if let slot = held.firstIndex(of: row) { return memory.baseAddress! + slot * count }
                let slot = held[0] == other && other >= 0 ? 1 : 0
                held[slot] = row
                let target = memory.baseAddress! + slot * count
                kernels.resample_line(
                    target, source.pixels + row * source.rowBytes, columns.first, columns.second, columns.weight, width, source.channels)
                return target
            }
            let mixed = memory.baseAddress! + 2 * count
            for y in lines {
                let top = Int(rows.first[y]), bottom = Int(rows.second[y])
                let upper = line(top, keeping: bottom), lower = line(bottom, keeping: top)
                kernels.interpolate(mixed, upper, lower, rows.weight[y], count)
                finish(y, mixed)
            }
        }
    }

    private func average(
        _ source: PixelView, _ columns: AreaAxis, _ rows: AreaAxis, lines: Range<Int>, _ finish: (Int, UnsafePointer<Float>) -> Void
    ) {
        let kernels = Kernels.table, width = columns.first.count, count = width * source.channels
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * count) { memory in
            let line = memory.baseAddress!, sum = memory.baseAddress! + count
            for y in lines {
                sum.initialize(repeating: 0, count: count)
                for row in rows.first[y]...rows.last[y] {
                    let weight = row == rows.first[y] ? rows.firstWeight[y] : row == rows.last[y] ? rows.lastWeight[y] : 1
                    kernels.average_line(
                        line, source.pixels + Int(row) * source.rowBytes, columns.first, columns.last, columns.firstWeight, columns.lastWeight,
                        columns.scale, width, source.channels)
                    kernels.accumulate(sum, line, weight * rows.scale, count)
                }
                finish(y, sum)
            }
        }
    }
}

/// The two source positions for each target position and the weight of the second.
private struct LinearAxis {
    var first: [Int32] = [], second: [Int32] = [], weight: [Float] = []

    init(from source: Int, to target: Int) {
        let ratio = Double(source) / Double(target)
        for position in 0..<target {
            let centre = min(max((Double(position) + 0.5) * ratio - 0.5, 0), Double(source - 1))
            let left = Int(centre)
            first.append(Int32(left))
            second.append(Int32(min(left + 1, source - 1)))
            weight.append(Float(centre - Double(left)))
        }
    }
}

/// The source interval that each target position covers: its first and last position and how much of those counts.
private struct AreaAxis {
    var first: [Int32] = [], last: [Int32] = [], firstWeight: [Float] = [], lastWeight: [Float] = []
    /// 1 / source positions per target position.
    let scale: Float

    init(from source: Int, to target: Int) {
        let ratio = Double(source) / Double(target)
        scale = Float(1 / ratio)
        for position in 0..<target {
            let start = Double(position) * ratio, end = min(Double(position + 1) * ratio, Double(source))
            let left = Int(start)
            // An end that rounding puts a hair beyond a pixel's edge is at the edge.
            let right = max(left, min(Int((end - 1e-9).rounded(.down)), source - 1))
            first.append(Int32(left))
            last.append(Int32(right))
            firstWeight.append(Float(right == left ? end - start : Double(left + 1) - start))
            lastWeight.append(Float(right == left ? 0 : end - Double(right)))
        }
    }
}
