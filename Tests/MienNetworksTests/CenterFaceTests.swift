import InferenceCore
import MienNetworks
import Testing

/// The face detector against ONNX Runtime on the same file.
@Suite(.enabled(if: Places.reference("centerface_expected.safetensors") != nil && Places.centerFace != nil,
                "needs the reference vectors (MIEN_SHARED) and CenterFace (MIEN_TEST_CENTERFACE or the model store)"))
struct CenterFaceTests {
    static let outputs = ["537": "heatmap", "538": "scale", "539": "offset", "540": "landmarks"]

    private static func files() throws -> (model: OnnxModel, expected: Safetensors) {
        (try OnnxModel(path: #require(Places.centerFace)), try Safetensors(path: #require(Places.reference("centerface_expected.safetensors"))))
    }

    private static func tolerance(_ name: String) -> Float { name == "heatmap" ? 1e-4 : 1e-3 }

    @Test func describesItself() throws {
        let model = try Self.files().model
        #expect(model.operatorSet == 9)
        #expect(model.producer.hasPrefix("pytorch"))
        #expect(model.graph.inputs.map(\.name) == ["input.1"])
        #expect(Set(model.graph.outputs.map(\.name)) == Set(Self.outputs.keys))
    }

    @Test(arguments: instructionSets)
    func agreesOnASmallPicture(on instructionSet: String) throws {
        let (model, expected) = try Self.files()
        let picture = try expected.tensor(named: "input.64x64.rgb_u8").withBytes { $0.map(Float.init) }
        let results = try run(model.graph, ["input.1": Tensor(shape: [1, 64, 64, 3], values: picture)], on: instructionSet)
        for (output, name) in Self.outputs {
            let key = "expected.64x64.\(name)"
            let wanted = channelsLast(try expected.floats(named: key), try expected.tensor(named: key).shape)
            let found = try #require(results[output])
            #expect(found.shape == wanted.shape)
            let worst = difference(found.values, wanted.values)
            #expect(worst < Self.tolerance(name), "\(name) is off by \(worst)")
        }
    }

    @Test(arguments: instructionSets.suffix(1))
    func agreesOnALargePicture(on instructionSet: String) throws {
        let (model, expected) = try Self.files()
        let picture = DrawnFace.pixels(width: 640, height: 480).map(Float.init)
        let results = try run(model.graph, ["input.1": Tensor(shape: [1, 480, 640, 3], values: picture)], on: instructionSet)
        for (output, name) in Self.outputs {
            let key = "expected.640x480.\(name).grid" // every 8th cell
            let wanted = channelsLast(try expected.floats(named: key), try expected.tensor(named: key).shape)
            let found = try #require(results[output])
            let (rows, columns, channels) = (found.shape[1], found.shape[2], found.shape[3])
            let values = found.values
            var grid: [Float] = []
            for y in stride(from: 0, to: rows, by: 8) {
                for x in stride(from: 0, to: columns, by: 8) {
                    let cell = (y * columns + x) * channels
                    grid += values[cell..<cell + channels]
                }
            }
            let worst = difference(grid, wanted.values)
            #expect(worst < Self.tolerance(name), "\(name) is off by \(worst)")
        }
    }
}

/// The cartoon face of the reference vectors, in integers so that every language draws the same.
enum DrawnFace {
    /// RGB, `[height, width, 3]`.
    static func pixels(width w: Int, height h: Int) -> [UInt8] {
        let cx = w / 2, cy = h / 2, r = h / 4
        var ellipses: [(x: Int, y: Int, rx: Int, ry: Int, colour: [UInt8])] = [
            (cx, cy, r * 3 / 4, r, [224, 180, 150]), (cx, cy - r, r * 3 / 4, r / 3, [60, 40, 30]),
        ]
        for side in [-1, 1] {
            // Floor division, as Python's.
            let dx = side < 0 ? -((r + 2) / 3) : r / 3
            ellipses.append((cx + dx, cy - r / 5, r / 7, r / 12, [250, 250, 250]))
            ellipses.append((cx + dx, cy - r / 5, r / 16, r / 14, [40, 30, 30]))
            ellipses.append((cx + dx, cy - r / 3, r / 6, r / 30 + 1, [70, 50, 40]))
        }
        ellipses.append((cx, cy + r / 8, r / 12, r / 5, [200, 150, 125]))
        ellipses.append((cx, cy + r / 2, r / 4, r / 12, [170, 70, 70]))
        var pixels: [UInt8] = []
        pixels.reserveCapacity(w * h * 3)
        for y in 0..<h {
            for x in 0..<w {
                var colour: [UInt8] = [UInt8(x * 255 / w / 2 + 40), UInt8(y * 255 / h / 2 + 40), 90]
                for e in ellipses {
                    let dx = (x - e.x) * e.ry, dy = (y - e.y) * e.rx, limit = e.rx * e.ry
                    if dx * dx + dy * dy <= limit * limit { colour = e.colour }
                }
                pixels += colour
            }
        }
        return pixels
    }
}
