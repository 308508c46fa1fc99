import MienEstimation
import MienMedia
import MienMessages
import MienWire

/// A request for faces, every field checked. Reading it costs nothing yet: files are opened and pictures decoded on a lane.
struct FaceRequest: EstimationRequest {
    enum Source: Sendable {
        case file([UInt8])
        case path(String)
        case pixels(Proto.RawPicture, Picture.Format)
    }

    var id: String
    var source: Source
    var routing: RoutingRequest
    var options: FaceOptions
    var answer: AnswerOptions

    var bytes: Int {
        switch source {
        case .file(let data): data.count
        case .path(let path): path.utf8.count
        case .pixels(let raw, _): raw.pixels.count
        }
    }

    /// - Throws: `CallError` `invalidArgument`, with the field that is to blame.
    init(_ message: Proto.EstimateFaceRequest) throws(CallError) {
        id = try RequestField.id(message.requestId)
        routing = try RoutingRequest(estimator: message.estimator, message.routing, field: "routing")
        source = try Self.source(message.picture)
        let options = message.options ?? Proto.FaceOptions()
        answer = try AnswerOptions(categories: options.categories, minimumReliability: options.minimumReliability, in: "options")
        self.options = try Self.options(options)
        self.options.categories = answer.categories
    }

    static func id(of message: Proto.EstimateFaceRequest) -> String { message.requestId }
    static func failure(_ failure: Proto.Failure, id: String) -> Proto.EstimateFaceResponse { .init(requestId: id, failure: failure) }

    private static func source(_ picture: Proto.EstimateFaceRequest.Picture?) throws(CallError) -> Source {
        switch picture {
        case nil:
            throw invalid("picture", "PICTURE_MISSING", "the request has no picture; set one of data, path and raw")
        case .data(let data):
            guard !data.isEmpty else { throw invalid("data", PictureError.Reason.empty.rawValue, "data is empty; it must hold a JPEG or PNG file") }
            return .file(data)
        case .path(let path):
            return .path(try RequestField.path(path, of: "a JPEG or PNG file"))
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
        if let confidence = try RequestField.number(message.minimumConfidence, "options.minimum_confidence", in: 0...1, unit: "") {
            options.minimumConfidence = confidence
        }
        if message.maxFaces > 0 { options.maximumFaces = Int(message.maxFaces) }
        return options
    }

    private static func invalid(_ field: String, _ reason: String, _ message: String) -> CallError { RequestField.invalid(field, reason, message) }

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
