extension Picture {
    /// The picture in grey: `0.299 R + 0.587 G + 0.114 B`, rounded in 15-bit fixed point exactly as OpenCV's `cvtColor` does it (Pillow
    /// differs by 1 in about one pixel of a thousand).
    package func grayscale() -> Picture {
        guard format == .rgb else { return self }
        let gray = [UInt8](unsafeUninitializedCapacity: width * height) { out, count in
            pixels.withUnsafeBufferPointer { rgb in
                for pixel in 0..<(width * height) {
                    let red = Int32(rgb[pixel * 3]), green = Int32(rgb[pixel * 3 + 1]), blue = Int32(rgb[pixel * 3 + 2])
                    out[pixel] = UInt8(truncatingIfNeeded: (red &* 9798 &+ green &* 19235 &+ blue &* 3735 &+ 16384) &>> 15)
                }
            }
            count = width * height
        }
        return Picture(width: width, height: height, format: .gray, pixels: gray, originalWidth: originalWidth,
                       originalHeight: originalHeight)
    }

    /// The rectangle whose upper left pixel is (`left`, `top`). What lies outside the picture gets `padding` in every channel.
    package func cropped(left: Int, top: Int, width outWidth: Int, height outHeight: Int, padding: UInt8 = 0) -> Picture {
        precondition(outWidth > 0 && outHeight > 0, "a crop has pixels")
        let channels = format.channels
        var crop = [UInt8](repeating: padding, count: outWidth * outHeight * channels)
        let columns = max(0, left)..<max(0, left, min(width, left + outWidth))
        for y in max(0, top)..<max(0, top, min(height, top + outHeight)) where !columns.isEmpty {
            let from = (y * width + columns.lowerBound) * channels
            let to = ((y - top) * outWidth + columns.lowerBound - left) * channels
            crop.replaceSubrange(to..<(to + columns.count * channels), with: pixels[from..<(from + columns.count * channels)])
        }
        return Picture(width: outWidth, height: outHeight, format: format, pixels: crop)
    }
}
