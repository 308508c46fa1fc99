/// How a stored picture has to be turned to be upright: EXIF's numbers 1...8.
package enum Orientation: Int, Sendable, CaseIterable {
    case upright = 1, mirrored, rotated180, flipped, transposed, rotated90, transversed, rotated270

    /// Rows become columns.
    package var swapsSides: Bool { rawValue >= 5 }

    /// Reads the orientation from the TIFF structure of an Exif block, without the "Exif\0\0" before it.
    ///
    /// Anything that is not a well-formed orientation entry in the first directory means `upright`: wrong metadata are no reason to
    /// refuse a photo.
    init(tiff bytes: UnsafeRawBufferPointer.SubSequence) {
        self = Self.read(UnsafeRawBufferPointer(rebasing: bytes)) ?? .upright
    }

    private static func read(_ bytes: UnsafeRawBufferPointer) -> Orientation? {
        guard bytes.count >= 8 else { return nil }
        let little: Bool
        switch (bytes[0], bytes[1]) {
        case (0x49, 0x49): little = true
        case (0x4D, 0x4D): little = false
        default: return nil
        }
        func number(_ offset: Int, _ length: Int) -> Int? {
            guard offset >= 0, offset <= bytes.count - length else { return nil }
            let range = bytes[offset..<(offset + length)]
            return little ? range.reversed().reduce(0) { $0 << 8 | Int($1) } : range.reduce(0) { $0 << 8 | Int($1) }
        }
        guard number(2, 2) == 42, let directory = number(4, 4), let entries = number(directory, 2) else { return nil }
        for entry in 0..<entries {
            let offset = directory + 2 + 12 * entry
            guard let tag = number(offset, 2) else { return nil }
            // Type 3 is SHORT; its single value stands in the first two of the four value bytes.
            guard tag == 0x0112 else { continue }
            guard number(offset + 2, 2) == 3, number(offset + 4, 4) == 1, let value = number(offset + 8, 2) else { return nil }
            return Orientation(rawValue: value)
        }
        return nil
    }
}

extension Picture {
    /// The picture turned as `orientation` asks.
    package func oriented(_ orientation: Orientation) -> Picture {
        guard orientation != .upright else { return self }
        let (outWidth, outHeight) = orientation.swapsSides ? (height, width) : (width, height)
        // The source pixel (x, y) goes to pixel `origin + x * stepX + y * stepY` of the result.
        let (origin, stepX, stepY) = switch orientation {
        case .upright: (0, 1, outWidth)
        case .mirrored: (outWidth - 1, -1, outWidth)
        case .rotated180: (outWidth * outHeight - 1, -1, -outWidth)
        case .flipped: (outWidth * (outHeight - 1), 1, -outWidth)
        case .transposed: (0, outWidth, 1)
        case .rotated90: (outWidth - 1, outWidth, -1)
        case .transversed: (outWidth * outHeight - 1, -outWidth, -1)
        case .rotated270: (outWidth * (outHeight - 1), -outWidth, 1)
        }
        let channels = format.channels
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { out, count in
            pixels.withUnsafeBufferPointer { source in
                var from = 0
                for y in 0..<height {
                    var to = (origin + y * stepY) * channels
                    for _ in 0..<width {
                        for channel in 0..<channels { out[to + channel] = source[from + channel] }
                        from += channels
                        to += stepX * channels
                    }
                }
            }
            count = pixels.count
        }
        return Picture(width: outWidth, height: outHeight, format: format, pixels: turned,
                       originalWidth: orientation.swapsSides ? originalHeight : originalWidth,
                       originalHeight: orientation.swapsSides ? originalWidth : originalHeight)
    }
}
