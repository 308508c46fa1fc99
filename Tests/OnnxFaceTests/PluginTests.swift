import Foundation
import MienManifest
import Testing
import TestSupport

@testable import OnnxFace

@Suite("a plugin's folder")
struct PluginTests {
    private func error(_ folder: String) -> ManifestError? { #expect(throws: ManifestError.self) { try OnnxFacePlugin(folder: folder) } }

    @Test("holds a manifest and the ONNX file that it names, which may lie further down")
    func below() throws {
        try inTemporaryFolder { folder in
            try makePlugin("tiny", in: folder, [("face.onnx", "weights/v1/face.onnx")])
            #expect(error(folder)?.key == "model.file")
            try FileManager.default.createDirectory(atPath: folder + "/weights/v1", withIntermediateDirectories: true)
            try FileManager.default.moveItem(atPath: folder + "/face.onnx", toPath: folder + "/weights/v1/face.onnx")
            #expect(try OnnxFacePlugin(folder: folder).manifest.id == "random-tiny")
        }
    }

    @Test("without a manifest is refused, and so is a manifest that is no file of its own")
    func manifests() throws {
        try inTemporaryFolder { folder in
            #expect(error(folder)?.description.hasPrefix("\(folder)/face.json cannot be opened") == true || error(folder)?.file == "\(folder)/face.json")
            #expect(error(folder + "/none")?.message.contains("No such file") == true)
            try FileManager.default.createDirectory(atPath: folder + "/face.json", withIntermediateDirectories: false)
            #expect(error(folder)?.message.contains("not a regular file") == true)
            try FileManager.default.removeItem(atPath: folder + "/face.json")
            try FileManager.default.createSymbolicLink(atPath: folder + "/face.json", withDestinationPath: Fixture.folder + "/tiny/face.json")
            #expect(error(folder)?.message.contains("symbolic link") == true)
            try FileManager.default.removeItem(atPath: folder + "/face.json")
            try Data().write(to: URL(filePath: folder + "/face.json"))
            #expect(error(folder)?.message.contains("is empty") == true)
            try Data(repeating: 0x20, count: FaceManifest.sizeLimit + 1).write(to: URL(filePath: folder + "/face.json"))
            #expect(error(folder)?.message.contains("at most") == true)
        }
    }

    /// The last two are links within the folder: they are not followed either, so that nobody has to tell them apart.
    @Test("does not lead out of itself", arguments: ["/etc/hostname", "../outside.onnx", "inside.onnx", "."])
    func links(target: String) throws {
        try inTemporaryFolder { outer in
            let folder = outer + "/plugin"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            try makePlugin("tiny", in: folder, target == "." ? [("face.onnx", "here/face.onnx")] : [])
            if target == "." {
                try FileManager.default.createSymbolicLink(atPath: folder + "/here", withDestinationPath: ".")
            } else {
                try FileManager.default.copyItem(atPath: folder + "/face.onnx", toPath: outer + "/outside.onnx")
                try FileManager.default.moveItem(atPath: folder + "/face.onnx", toPath: folder + "/inside.onnx")
                try FileManager.default.createSymbolicLink(atPath: folder + "/face.onnx", withDestinationPath: target)
            }
            let error = error(folder)
            #expect(error?.key == "model.file" && error?.message.contains("symbolic link") == true, "\(String(describing: error))")
        }
    }

    @Test("is found by itself or within a folder of such folders, by name; others there do not matter")
    func discovery() throws {
        func found(_ folder: String) throws(ManifestError) -> [String] { try Folder.plugins(in: folder, manifests: [OnnxFacePlugin.manifestName]).map(\.folder) }
        #expect(try found(Fixture.folder + "/tiny") == [Fixture.folder + "/tiny"])
        #expect(try found(Fixture.folder) == ["channels-last", "overflow", "tiny", "two-heads"].map { "\(Fixture.folder)/\($0)" })
        try inTemporaryFolder { folder in
            #expect(try found(folder).isEmpty)
            for name in ["b", "a", ".hidden", "empty"] { try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: false) }
            try makePlugin("tiny", in: folder + "/b")
            try makePlugin("tiny", in: folder + "/.hidden")
            try "{".write(toFile: folder + "/a/face.json", atomically: false, encoding: .utf8)
            try "x".write(toFile: folder + "/file", atomically: false, encoding: .utf8)
            #expect(try found(folder) == [folder + "/a", folder + "/b"])
            #expect(throws: ManifestError.self) { try found(folder + "/file") }
            #expect(throws: ManifestError.self) { try found(folder + "/none") }
        }
    }
}
