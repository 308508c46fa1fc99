import Foundation
@testable import MienMedia
import MienNetworks
import Testing

/// Pillow's results, to the bit.
@Suite struct SmoothResizeTests {
    /// Made by Scripts/reference/pillow_resize.py.
    private static let expected = try! JSONDecoder().decode([String: Data].self, from: Data(Fixture.bytes("pillow.json")))

    @Test(arguments: expected.keys.sorted()) func isPillowsToTheBit(_ name: String) throws {
        let sizes = name.split(separator: " ").compactMap { Int($0) }
        let picture = formula(sizes[0], sizes[1], sizes[4] == 1 ? .gray : .rgb).resizedSmoothly(width: sizes[2], height: sizes[3])
        #expect(picture.pixels == [UInt8](try #require(Self.expected[name])))
    }

    private static let reference: String? = {
        let shared = ProcessInfo.processInfo.environment["MIEN_SHARED"] ?? Fixture.folder.appending(path: "../../../../shared").standardized.path
        let path = "\(shared)/reference/siglip_preproc.safetensors"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }()

    /// The picture of the reference vectors, made of whole numbers.
    private func synthetic(_ w: Int, _ h: Int) -> Picture {
        var pixels: [UInt8] = []
        for y in 0..<h {
            for x in 0..<w {
                let red = x * 255 / max(w - 1, 1), radius = min(w, h) / 4
                let inside = (x - w / 2) * (x - w / 2) + (y - h / 2) * (y - h / 2) < radius * radius
                pixels += [UInt8(inside ? 255 - red : red), UInt8(y * 255 / max(h - 1, 1)), UInt8((x / 7 + y / 5) % 2 * 200 + (x * 31 + y * 17) % 56)]
            }
        }
        return Picture(width: w, height: h, format: .rgb, pixels: pixels)
    }

    @Test(.enabled(if: reference != nil, "needs the reference vectors (MIEN_SHARED)"), arguments: [(100, 80), (640, 480), (1000, 37), (384, 384)])
    func isWhatTransformersGivesSigLIP(_ width: Int, _ height: Int) throws {
        let file = try Safetensors(path: #require(Self.reference)), name = "expected.\(width)x\(height)"
        let picture = synthetic(width, height).resizedSmoothly(width: 384, height: 384)
        let rows = try file.tensor(named: name + ".resized_u8_rows_0_191_383").withBytes { Array($0) }
        let line = 384 * 3
        let found: [UInt8] = [0, 191, 383].flatMap { (row: Int) -> ArraySlice<UInt8> in picture.pixels[row * line..<(row + 1) * line] }
        #expect(found == rows)
        let grid = try file.floats(named: name + ".grid"), places = (0..<16).map { $0 * 24 + 12 }
        for channel in 0..<3 {
            for (i, y) in places.enumerated() {
                for (j, x) in places.enumerated() {
                    let value = Float(picture.pixels[y * line + x * 3 + channel]) / 127.5 - 1, wanted = grid[(channel * 16 + i) * 16 + j]
                    #expect(abs(value - wanted) < 1e-6)
                }
            }
        }
    }
}
