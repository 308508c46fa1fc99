import Foundation
import MienMedia
import Testing

@Suite struct MediaFileTests {
    private func reason(_ path: String, limit: Int = MediaFile.defaultLimit) -> MediaFileError.Reason? {
        do throws(MediaFileError) {
            _ = try MediaFile.read(path, limit: limit)
            return nil
        } catch { return error.reason }
    }

    @Test func regularFilesAreReadWhole() throws {
        let path = Fixture.folder.appendingPathComponent("large.jpg").path
        let bytes = try Fixture.bytes("large.jpg")
        #expect(try MediaFile.read(path) == bytes)
        #expect(try MediaFile.read(path, limit: bytes.count) == bytes)
        #expect(reason(path, limit: bytes.count - 1) == .tooLarge)
    }

    @Test func emptyFilesHaveNoBytes() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try Data().write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        #expect(try MediaFile.read(url.path).isEmpty)
    }

    /// Opening a pipe that nobody writes to would wait for ever.
    @Test func pipesDirectoriesAndDevicesAreRefusedWithoutWaiting() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        #expect(reason(path) == .notRegular)
        #expect(reason("/dev/zero") == .notRegular)
        #expect(reason("/") == .notRegular)
    }

    @Test func whatCannotBeReadIsSaid() {
        #expect(reason("/no/such/file.jpg") == .notFound)
        #expect(reason("") == .notFound)
        #expect(reason("a\0b") == .notFound)
        #expect(reason(String(repeating: "x", count: 10_000)) == .notFound)
        #expect(reason("/etc/passwd/x") == .notFound)
    }
}
