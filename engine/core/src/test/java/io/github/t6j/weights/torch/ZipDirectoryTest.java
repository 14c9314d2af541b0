package io.github.t6j.weights.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.HandMadeFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;

class ZipDirectoryTest {

    private static Map<String, ZipDirectory.Entry> entries(byte[] file) {
        return ZipDirectory.entries(HandMadeFiles.segment(file), "m.zip");
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void readsFilesOfTheJdk() throws IOException {
        Map<String, byte[]> contents = new LinkedHashMap<>();
        contents.put("m/a", utf8("first"));
        contents.put("m/\u00e9", utf8(""));
        contents.put("m/b", new byte[70_000]);
        Map<String, ZipDirectory.Entry> entries = entries(HandMadeFiles.zip(contents));
        assertThat(entries.keySet()).containsExactlyElementsOf(contents.keySet());
        contents.forEach(
                (name, bytes) -> assertThat(entries.get(name).checked().toArray(ValueLayout.JAVA_BYTE)).as(name)
                        .isEqualTo(bytes));
    }

    @Test
    void readsPastAComment() throws IOException {
        byte[] zip = HandMadeFiles.zip(Map.of("m/a", utf8("x")));
        byte[] comment = utf8("a comment, PK\5\6 in it");
        byte[] file = Arrays.copyOf(zip, zip.length + comment.length);
        System.arraycopy(comment, 0, file, zip.length, comment.length);
        file[zip.length - 2] = (byte) comment.length;
        assertThat(entries(file)).containsOnlyKeys("m/a");
    }

    @Test
    void refusesCompressedEntries() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("m/data.pkl"));
            zip.write(new byte[1000]);
        }
        assertRefused(bytes.toByteArray(), "m/data.pkl", "compressed");
    }

    /**
     * Returns a file with one entry "a" with {@code data}, whose sizes and offset are only in zip64 fields, as in files
     * above 4 GB.
     */
    private static ByteBuffer zip64(byte[] data, long size, long local) {
        ByteBuffer zip = ByteBuffer.allocate(500).order(ByteOrder.LITTLE_ENDIAN);
        zip.putInt(0x04034b50).putShort((short) 45).putShort((short) 0x808).put(new byte[18]);
        zip.putShort((short) 1).putShort((short) 3).put((byte) 'a').put(utf8("FB0")).put(data);
        int central = zip.position();
        zip.putInt(0x02014b50).putInt(0).putShort((short) 0x808).putShort((short) 0).putInt(0).putInt(0);
        zip.putInt(-1).putInt(-1).putShort((short) 1).putShort((short) 34).put(new byte[10]).putInt(-1).put((byte) 'a');
        zip.putShort((short) 0x4246).putShort((short) 2).putShort((short) 7);
        zip.putShort((short) 1).putShort((short) 24).putLong(size).putLong(size).putLong(local);
        int end64 = zip.position();
        zip.putInt(0x06064b50).putLong(44).putInt(0).putLong(0).putLong(1).putLong(1);
        zip.putLong(end64 - central).putLong(central);
        zip.putInt(0x07064b50).putInt(0).putLong(end64).putInt(1);
        zip.putInt(0x06054b50).putInt(0).putInt(-1).putInt(-1).putInt(-1).putShort((short) 0);
        return zip;
    }

    private static byte[] bytes(ByteBuffer written) {
        return Arrays.copyOf(written.array(), written.position());
    }

    @Test
    void readsZip64() {
        byte[] data = utf8("numbers");
        MemorySegment entry = entries(bytes(zip64(data, data.length, 0))).get("a").checked();
        assertThat(entry.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(data);
    }

    @Test
    void refusesRangesOutsideTheFile() {
        byte[] data = utf8("numbers");
        assertRefused(bytes(zip64(data, 1000, 0)), "entry a", "1000");
        assertRefused(bytes(zip64(data, -1, 0)), "entry a");
        assertRefused(bytes(zip64(data, Long.MAX_VALUE, 0)), "entry a");
        assertRefused(bytes(zip64(data, 7, 1)), "entry a");
        assertRefused(bytes(zip64(data, 7, 400)), "entry a");
        assertRefused(bytes(zip64(data, 7, -1)), "entry a");
        assertRefused(bytes(zip64(data, 7, Long.MIN_VALUE)), "entry a");
    }

    @Test
    void refusesDirectoriesOutsideTheFile() {
        byte[] data = utf8("numbers");
        int locator = bytes(zip64(data, 7, 0)).length - 22 - 20;
        int end64 = locator - 56;
        for (long value : new long[] {-1, 2, 1 << 20, Long.MAX_VALUE, Long.MIN_VALUE}) {
            assertRefused(bytes(zip64(data, 7, 0).putLong(locator + 8, value)), "m.zip");
            assertRefused(bytes(zip64(data, 7, 0).putLong(end64 + 32, value)), "directory");
            assertRefused(bytes(zip64(data, 7, 0).putLong(end64 + 40, value)), "directory");
            assertRefused(bytes(zip64(data, 7, 0).putLong(end64 + 48, value)), "directory");
        }
    }

    @Test
    void refusesADuplicateName() throws IOException {
        Map<String, byte[]> contents = new LinkedHashMap<>();
        contents.put("m/a", utf8("1"));
        contents.put("m/b", utf8("2"));
        byte[] zip = HandMadeFiles.zip(contents);
        String text = new String(zip, StandardCharsets.ISO_8859_1).replace("m/b", "m/a");
        assertRefused(text.getBytes(StandardCharsets.ISO_8859_1), "duplicate entry m/a");
    }

    @Test
    void verifiesChecksums() throws IOException {
        byte[] good = HandMadeFiles.zip(Map.of("m/a", utf8("123456789")));
        int data = 30 + 3;
        int directory = data + 9;
        byte[] damaged = good.clone();
        damaged[data + 4] ^= 1;
        // the CRC-32 check value, and the CRC-32 of the same digits with 4 instead of 5
        assertThatThrownBy(() -> entries(damaged).get("m/a").checked()).isInstanceOf(ModelFormatException.class)
                .hasMessage("m.zip: zip file: entry m/a: expected the CRC-32 cbf43926 of the directory, found "
                        + "f6941096: the file is damaged, download it again");
        Arrays.fill(damaged, directory + 16, directory + 20, (byte) 0);
        assertThat(entries(damaged).get("m/a").checked().byteSize()).isEqualTo(9);
    }

    /** Each entry would be verified, so a small file could cause unlimited work. */
    @Test
    void refusesEntriesThatOverlap() throws IOException {
        byte[] data = new byte[60];
        Map<String, byte[]> contents = new LinkedHashMap<>();
        contents.put("m/a", data);
        contents.put("m/b", data);
        contents.put("m/c", new byte[0]);
        byte[] zip = HandMadeFiles.zip(contents);
        ByteBuffer fields = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
        int directory = fields.getInt(zip.length - 6);
        for (int entry = 0; entry < 3; entry++) {
            int record = directory + entry * (46 + 3);
            fields.putInt(record + 20, 130).putInt(record + 24, 130).putInt(record + 42, 0);
        }
        assertRefused(zip, "m/c", "overlap");
    }

    private static void assertRefused(byte[] file, String... expected) {
        assertThatThrownBy(() -> entries(file)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith("m.zip: ").hasMessageContainingAll(expected);
    }
}
