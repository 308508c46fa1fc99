import Foundation
import MienClient

/// Gives the body a folder of its own, which is gone afterwards.
package func inTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}

package func inTemporaryFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

private func temporaryFolder() throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "mien-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
}

/// An executable that was built with the tests; out of another build if `MIEN_TEST_PRODUCTS` names its folder, since a sanitizer's shadow is more memory than plugins may have.
package func builtProduct(_ name: String) throws -> String {
    if let folder = ProcessInfo.processInfo.environment["MIEN_TEST_PRODUCTS"] { return "\(folder)/\(name)" }
    // On macOS the tests live in a bundle, some folders further down.
    var folder = try HostProcess.ownExecutable().split(separator: "/").dropLast()
    while !folder.isEmpty {
        let path = "/" + folder.joined(separator: "/") + "/" + name
        if access(path, X_OK) == 0 { return path }
        folder = folder.dropLast()
    }
    throw NotBuilt(description: "\(name) is not built")
}

private struct NotBuilt: Error, CustomStringConvertible {
    let description: String
}
