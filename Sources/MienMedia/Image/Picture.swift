/// Pixels in memory: 8 bits per channel, rows from top to bottom without padding, displayed orientation.
package struct Picture: Sendable {
    package enum Format: Sendable {
        /// 1 byte per pixel.
        case gray
        /// 3 bytes per pixel: red, green, blue.
        case rgb

        package var channels: Int { self == .gray ? 1 : 3 }
    }

    /// In pixels.
    package let width: Int
    package let height: Int
    package let format: Format
    /// `[height, width, channels]`.
    package let pixels: [UInt8]
    /// Size of the photo that this picture was decoded from, as displayed. Larger than `width` x `height` if it was scaled down while
    /// it was decoded.
    package let originalWidth: Int
    package let originalHeight: Int

    package init(width: Int, height: Int, format: Format, pixels: [UInt8], originalWidth: Int? = nil, originalHeight: Int? = nil) {
        precondition(pixels.count == width * height * format.channels, "pixels fit the extents")
        self.width = width
        self.height = height
        self.format = format
        self.pixels = pixels
        self.originalWidth = originalWidth ?? width
        self.originalHeight = originalHeight ?? height
    }
}
