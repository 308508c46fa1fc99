extension Picture {
    /// Decodes a JPEG or PNG file that lies in memory, upright as its EXIF orientation says.
    ///
    /// Grey files give grey pictures. JPEG in CMYK or YCCK is taken as Adobe writes it (inverted), as every common decoder does. What is
    /// transparent in a PNG is shown on white; 16-bit samples keep their upper 8 bits. Colour profiles and gamma are not applied.
    ///
    /// - Throws: `PictureError`. A file that is not whole is an error: half a face would be estimated as a face.
    package static func decode(_ bytes: UnsafeRawBufferPointer, limits: PictureLimits = PictureLimits()) throws(PictureError) -> Picture {
        switch try PictureFileFormat(sniffing: bytes) {
        case .jpeg: return try JPEGDecoder.decode(bytes, limits: limits)
        case .png: return try PNGDecoder.decode(bytes, limits: limits)
        }
    }

    package static func decode(_ bytes: [UInt8], limits: PictureLimits = PictureLimits()) throws(PictureError) -> Picture {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(PictureError) in try decode(buffer, limits: limits) }
        }
        return try result.get()
    }

    /// Makes a picture of pixels from outside: `[height, width, channels]`, 8 bits each.
    ///
    /// - Throws: `PICTURE_DIMENSIONS` if the extents are not positive or do not fit the pixels, `PICTURE_TOO_LARGE` over the limits.
    package static func raw(width: Int, height: Int, format: Format, pixels: [UInt8],
                            limits: PictureLimits = PictureLimits()) throws(PictureError) -> Picture {
        guard width >= 0, height >= 0 else { throw PictureError(.dimensions, "extents of \(width) x \(height) pixels are negative") }
        try limits.check(width: width, height: height)
        let (area, overflow) = width.multipliedReportingOverflow(by: height)
        let (count, overflow2) = area.multipliedReportingOverflow(by: format.channels)
        guard !overflow, !overflow2, count == pixels.count else {
            throw PictureError(.dimensions, "\(pixels.count) bytes are not \(width) x \(height) pixels of \(format.channels) bytes")
        }
        return Picture(width: width, height: height, format: format, pixels: pixels)
    }
}
