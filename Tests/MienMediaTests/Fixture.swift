import Foundation
import MienMedia

/// Files made by Scripts/reference/make_pictures.py.
enum Fixture {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")

    static func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appendingPathComponent(name))) }

    struct Expected: Decodable, Sendable {
        var width: Int
        var height: Int
        var channels: Int
        var pixels: Data?
    }

    static let expected: [String: Expected] = {
        let data = try! Data(contentsOf: folder.appendingPathComponent("expected.json"))
        return try! JSONDecoder().decode([String: Expected].self, from: data)
    }()

    struct Operations: Decodable, Sendable {
        struct Similarity: Decodable, Sendable {
            var source: [[Double]]
            var target: [[Double]]
            var expected: [Double]
        }

        var gray: Data
        /// By "width height newWidth newHeight channels".
        var bilinear: [String: Data]
        var area: [String: Data]
        var laplacian: Double
        var umeyama: Similarity
    }

    static let operations: Operations = {
        let data = try! Data(contentsOf: folder.appendingPathComponent("operations.json"))
        return try! JSONDecoder().decode(Operations.self, from: data)
    }()
}

/// A small generator with a known sequence (SplitMix64), so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

func largestDifference(_ one: [UInt8], _ other: [UInt8]) -> Int {
    one.count == other.count ? zip(one, other).map { abs(Int($0) - Int($1)) }.max() ?? 0 : Int.max
}

/// The reason for which `bytes` are refused, or `nil` if they decode.
func refusal(_ bytes: [UInt8], _ limits: PictureLimits = PictureLimits()) -> PictureError.Reason? {
    do throws(PictureError) {
        _ = try Picture.decode(bytes, limits: limits)
        return nil
    } catch {
        return error.reason
    }
}

/// The picture that make_pictures.py and pillow_resize.py make by the same formula.
func formula(_ width: Int, _ height: Int, _ format: Picture.Format) -> Picture {
    var pixels: [UInt8] = []
    for y in 0..<height {
        for x in 0..<width {
            for channel in 0..<format.channels { pixels.append(UInt8((x * 7 + y * 13 + x * y * (channel + 1)) % 251)) }
        }
    }
    return Picture(width: width, height: height, format: format, pixels: pixels)
}
