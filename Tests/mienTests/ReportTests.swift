import MienMessages
@testable import mien
import Testing

@Suite struct ReportTests {
    static let twoFaces = Proto.EstimateFaceResponse(
        picture: Proto.PictureInfo(width: 640, height: 480, format: "jpeg"),
        estimates: [
            Proto.Estimate(
                subject: .face(Proto.Face(box: Proto.Box(left: 178.4, top: 67.6, width: 97.2, height: 131), detectionConfidence: 0.987)),
                categories: [
                    Proto.CategoryEstimate(name: "Elation", intensity: 0.93), Proto.CategoryEstimate(name: "Astonishment/Surprise", intensity: 0.05),
                    Proto.CategoryEstimate(name: "Anger", intensity: 0.001),
                ]),
            Proto.Estimate(
                subject: .face(Proto.Face(box: Proto.Box(left: 10, top: 20, width: 24, height: 30), detectionConfidence: 0.61)),
                categories: [Proto.CategoryEstimate(name: "Sadness", intensity: 0.5)],
                warnings: [Proto.Warning(reason: "FACE_SMALL", message: "the face is 24 pixels wide")]),
        ])

    @Test func aTableHasALinePerEmotionGroupedByFaceAndFile() {
        var report = FaceReport(top: 2)
        report.add("group.jpg", Self.twoFaces)
        report.add("empty.png", Proto.EstimateFaceResponse(picture: Proto.PictureInfo(width: 10, height: 10, format: "png")))
        #expect(report.render(.plain) == [
            "FILE       FACE  BOX            SURE  EMOTION                INTENSITY             NOTE",
            "group.jpg  1/2   97x131+178+68  0.99  Elation                0.93 ██████████████▉",
            "                                      Astonishment/Surprise  0.05 ▊",
            "           2/2   24x30+10+20    0.61  Sadness                0.50 ████████         face small",
            "empty.png  -                          no face",
            "The 2 strongest of 3 are shown; --all shows all.",
        ])
    }

    @Test func infoTellsVersionProcessorAndWhatStandsInTheWay() {
        let info = Proto.GetInfoResponse(
            version: "1.2.3", protocolMajor: 1,
            processor: Proto.Processor(architecture: "x86_64", modelName: "Some CPU", features: ["avx2", "fma"], kernels: "avx2", threads: 2),
            limits: Proto.Limits(maxFrameBytes: 16 << 20, maxMessageBytes: 64 << 20, maxOpenCalls: 1024), residentBytes: 22_000_000)
        let estimator = Proto.EstimatorInfo(
            id: "face-x", version: "1", summary: "Faces.", modality: .face, categories: ["Anger"], state: .unavailable,
            stateDetail: "model m is missing; run: mien models pull m", models: [Proto.ModelInfo(id: "m", version: "2", license: "MIT")],
            attributes: ["Age", "Warm vs. Cold"], minimumReliability: 0.1, usesNeutral: true)
        #expect(InfoReport.render(info, [estimator], .plain) == [
            "mien 1.2.3, protocol 1",
            "processor   Some CPU, 2 threads",
            "kernels     avx2 (avx2 fma)",
            "limits      frame 16 MiB, message 64 MiB, 1024 open calls",
            "memory      22 MB",
            "",
            "face-x 1: model m is missing; run: mien models pull m",
            "  Faces.",
            "  covers      Anger",
            "  attributes  Age, Warm vs. Cold",
            "  abstains    where raters agree less than 0.10",
            "  neutral     compares with the speaker's neutral voice",
            "  model       m 2, MIT, missing",
        ])
    }

    @Test func theDoctorsVerdictIsItsWorstFinding() {
        var report = DoctorReport()
        report.section("Tools")
        report.note(.good, "curl", "/usr/bin/curl")
        #expect(report.worst == .good)
        report.note(.bad, "python3", "not found")
        report.note(.fair, "pip3", "not found")
        #expect(report.worst == .bad)
        #expect(report.render(.plain) == ["Tools", "  ✓ curl     /usr/bin/curl", "  ✗ python3  not found", "  ! pip3     not found"])
    }
}
