import MienEstimation
import MienMedia
import MienMessages
import MienWire

/// A request for faces, every field checked. Reading it costs nothing yet: files are opened and pictures decoded on a lane.
struct FaceRequest: Sendable {
    enum Source: Sendable {
        case file([UInt8])
        case path(String)
        case pixels(Proto.RawPicture, Picture.Format)
    }

    var id: String
    var source: Source
    var estimator: String
    var options: FaceOptions

    /// Bytes that the request keeps in memory while it waits.
    var bytes: Int {
        switch source {
        case .file(let data): data.count
        case .path(let path): path.utf8.count
        case .pixels(let raw, _): raw.pixels.count
        }
    }

    /// Longest path that a request may name (PATH_MAX, its terminator counted).
    static let longestPath = 4095
    /// Longest request id that is returned.
    static let longestID = 1024

    /// - Throws: `CallError` `invalidArgument`, with the field that is to blame.
    init(_ message: Proto.EstimateFaceRequest) throws(CallError) {
        guard message.requestId.utf8.count <= Self.longestID else {
            throw Self.invalid("request_id", "FIELD_TOO_LONG", "request_id has \(message.requestId.utf8.count) bytes; at most \(Self.longestID) are returned")
        }
        id = message.requestId
        estimator = message.estimator
        source = try Self.source(message.picture)
        options = try Self.options(message.options ?? Proto.FaceOptions())
    }

    private static func source(_ picture: Proto.EstimateFaceRequest.Picture?) throws(CallError) -> Source {
        switch picture {
        case nil:
            throw invalid("picture", "PICTURE_MISSING", "the request has no picture; set one of data, path and raw")
        case .data(let data):
            guard !data.isEmpty else { throw invalid("data", PictureError.Reason.empty.rawValue, "data is empty; it must hold a JPEG or PNG file") }
            return .file(data)
        case .path(let path):
            guard !path.isEmpty else { throw invalid("path", "PATH_EMPTY", "path is empty; it must name a JPEG or PNG file") }
            guard path.utf8.first == UInt8(ascii: "/") else {
                throw invalid("path", "PATH_NOT_ABSOLUTE", "path \(quoted(path)) is not absolute, and the host's working directory need not be the caller's")
            }
            guard path.utf8.count <= longestPath, !path.utf8.contains(0) else {
                throw invalid("path", "PATH_MALFORMED", "path is longer than \(longestPath) bytes or contains a NUL")
            }
            return .path(path)
        case .raw(let raw):
            let format: Picture.Format
            switch raw.format {
            case .gray8: format = .gray
            case .rgb8: format = .rgb
            case .unspecified: throw invalid("raw.format", "FIELD_MISSING", "raw.format is not set; it must be PIXEL_FORMAT_GRAY8 or PIXEL_FORMAT_RGB8")
            default:
                throw invalid("raw.format", "FIELD_OUT_OF_RANGE", "raw.format is \(raw.format.rawValue), which this host does not know; it reads "
                              + "PIXEL_FORMAT_GRAY8 and PIXEL_FORMAT_RGB8")
            }
            guard raw.width > 0 else { throw invalid("raw.width", "FIELD_OUT_OF_RANGE", "raw.width is 0") }
            guard raw.height > 0 else { throw invalid("raw.height", "FIELD_OUT_OF_RANGE", "raw.height is 0") }
            // Two 32-bit numbers and a 3: the product fits 66 bits, so it must be checked on its way.
            let (area, tooLarge) = UInt64(raw.width).multipliedReportingOverflow(by: UInt64(raw.height))
            let (needed, alsoTooLarge) = area.multipliedReportingOverflow(by: UInt64(format.channels))
            guard !tooLarge, !alsoTooLarge, needed == UInt64(raw.pixels.count) else {
                let size = tooLarge || alsoTooLarge ? "more bytes than can be counted" : "\(needed) bytes"
                throw invalid("raw.pixels", PictureError.Reason.dimensions.rawValue,
                              "raw.pixels has \(raw.pixels.count) bytes; \(raw.width) x \(raw.height) pixels of \(format.channels) bytes need \(size)")
            }
            return .pixels(raw, format)
        }
    }

    private static func options(_ message: Proto.FaceOptions) throws(CallError) -> FaceOptions {
        var options = FaceOptions()
        options.wholePicture = message.wholePicture
        if let confidence = message.minimumConfidence {
            // NaN fails this as well.
            guard confidence >= 0, confidence <= 1 else {
                throw invalid("options.minimum_confidence", "FIELD_OUT_OF_RANGE", "options.minimum_confidence is \(confidence); it must be from 0 to 1")
            }
            options.minimumConfidence = confidence
        }
        if message.maxFaces > 0 { options.maximumFaces = Int(message.maxFaces) }
        return options
    }

    private static func invalid(_ field: String, _ reason: String, _ message: String) -> CallError {
        CallError(.invalidArgument, message, reason: reason, field: field)
    }

    /// Reads and decodes the picture. Blocks: for lanes only.
    ///
    /// - Parameter sufficientSide: see `PictureLimits`.
    /// - Throws: `PictureError`, `MediaFileError`.
    func read(sufficientSide: Int?) throws -> (picture: Picture, format: String) {
        let limits = PictureLimits(sufficientSide: sufficientSide)
        switch source {
        case .file(let data):
            return (try Picture.decode(data, limits: limits), try Self.format(data))
        case .path(let path):
            let data = try MediaFile.read(path)
            return (try Picture.decode(data, limits: limits), try Self.format(data))
        case .pixels(let raw, let format):
            return (try Picture.raw(width: Int(raw.width), height: Int(raw.height), format: format, pixels: raw.pixels, limits: limits), "raw")
        }
    }

    private static func format(_ data: [UInt8]) throws -> String {
        try data.withUnsafeBytes { try PictureFileFormat(sniffing: $0).rawValue }
    }
}
