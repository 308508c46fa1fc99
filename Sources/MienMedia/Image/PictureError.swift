/// Why bytes did not become a picture.
package struct PictureError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Stable: clients decide by it.
    package enum Reason: String, Sendable, CaseIterable {
        /// No bytes at all.
        case empty = "PICTURE_EMPTY"
        /// Neither JPEG nor PNG, or a kind of either that nobody can decode here.
        case unsupported = "PICTURE_FORMAT_UNSUPPORTED"
        /// The file ends before the picture does.
        case truncated = "PICTURE_TRUNCATED"
        /// The file breaks its format's rules.
        case corrupt = "PICTURE_CORRUPT"
        /// More pixels, scans or bytes than the limits allow.
        case tooLarge = "PICTURE_TOO_LARGE"
        /// No pixels, or pixels that do not fit the stated extents.
        case dimensions = "PICTURE_DIMENSIONS"
    }

    package let reason: Reason
    /// For people, in English, without a full stop.
    package let message: String
    package var description: String { message }

    package init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }
}

/// What a decoder accepts. Everything is checked before anything is allocated.
package struct PictureLimits: Sendable, Hashable {
    /// Most pixels of a picture, before any scaling.
    package var maximumPixels = 100_000_000
    /// Most pixels on a side.
    package var maximumSide = 65_535
    /// Most pixels of a JPEG in several scans: its coefficients, up to 6 bytes a pixel, stay in memory while it is decoded.
    package var maximumProgressivePixels = 50_000_000
    /// Most scans of a JPEG; cameras and encoders write about 10. Each may touch every pixel.
    package var maximumScans = 64
    /// The longer side that the caller can use. A JPEG at least twice as large is scaled down by 2, 4 or 8 while it is decoded, which
    /// saves most of the time and memory, but never below this. `nil`: full size.
    package var sufficientSide: Int?

    package init(sufficientSide: Int? = nil) { self.sufficientSide = sufficientSide }

    func check(width: Int, height: Int) throws(PictureError) {
        guard width > 0, height > 0 else { throw PictureError(.dimensions, "picture of \(width) x \(height) pixels has nothing to show") }
        guard width <= maximumSide, height <= maximumSide else {
            throw PictureError(.tooLarge, "picture of \(width) x \(height) pixels has a side over \(maximumSide)")
        }
        guard width <= maximumPixels / height else {
            throw PictureError(.tooLarge, "picture of \(width) x \(height) pixels is over the limit of \(maximumPixels) pixels")
        }
    }
}
