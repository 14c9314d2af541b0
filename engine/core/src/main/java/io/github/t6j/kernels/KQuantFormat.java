package io.github.t6j.kernels;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.KQuantBlock;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * Layout of a panel of K-quants, or of the older GGML types of 4 and 5 bits: consecutive super-blocks of
 * {@value #SUPER} inputs × {@value Kernels#PANEL} outputs, each of up to eight blocks of {@value BlockFormat#SIZE}
 * inputs. All consist of rows of 16 bits per output, in the order of {@link BlockFormat}.
 *
 * <pre>
 *   super-block   Q4_K, Q5_K   scale f16; min f16; blocks         Q6_K   scale f16; blocks         others   blocks
 *
 *   block   Q4_1, Q5_1   scale f16; min f16; elements      Q4_K, Q5_K   s, m in a byte each; elements
 *           Q5_0         scale f16; elements               Q6_K         s of 16 inputs in a byte, 128 added; elements
 *
 *   elements   pairs of inputs: the first in the low byte of 16 bits, the second in the same bits of the high byte
 *              of 4 bits   2 pairs in a row: bits 0 to 3, bits 4 to 7
 *              of 5 bits   8 pairs in 5 rows: each row has one in bits 0 to 4. Rows 0 and 1 have pairs 0 and 1, and
 *                          from the lowest bit pair 2: row 0 bits 5 to 7, row 1 bits 5 to 6; rows 2 and 3 have pairs 3
 *                          to 5 likewise; row 4 has pair 6 and, with bit 7 of rows 3 and 1, pair 7
 *              of 6 bits   4 pairs in 3 rows, of which each has one of 3 pairs in bits 0 to 5, and in bits 6 to 7 two
 *                          bits of the fourth pair
 * </pre>
 *
 * Most pairs are thus unpacked by a mask alone. Sizes are the same as on disk, except that s and m of Q4_K and Q5_K
 * take 8 bits instead of 6.
 *
 * <p>Products use weights of the form scale · (q − zero) + offset, where zero is half the range of q. The sum of {@link
 * #exact} products of q − zero and rounded activations then fits in 16 bits.
 */
public enum KQuantFormat {
    Q4_1(DType.Q4_1, 4, 0, 2), Q5_0(DType.Q5_0, 5, 0, 1), Q5_1(DType.Q5_1, 5, 0, 2),
    Q4_K(DType.Q4_K, 4, 2, 1), Q5_K(DType.Q5_K, 5, 2, 1), Q6_K(DType.Q6_K, 6, 1, 1);

    /** Number of inputs in a super-block. */
    public static final int SUPER = KQuantBlock.SIZE;

    /** Number of blocks in a super-block. */
    public static final int BLOCKS = SUPER / BlockFormat.SIZE;

    /** Number of bytes in a row. */
    public static final int ROW = BlockFormat.ROW;

    private static final int PANEL = Kernels.PANEL;
    private static final int SIZE = BlockFormat.SIZE;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final DType dtype;
    private final int bits;
    private final int superRows;
    private final int scaleRows;
    private final int groupRows;
    private final Piece[][] pieces; // of each pair in a group

    KQuantFormat(DType dtype, int bits, int superRows, int scaleRows) {
        this.dtype = dtype;
        this.bits = bits;
        this.superRows = superRows;
        this.scaleRows = scaleRows;
        groupRows = bits == 4 ? 1 : bits == 5 ? 5 : 3;
        pieces = switch (bits) {
            case 4 -> new Piece[][] {{new Piece(0, 0, 0x0F)}, {new Piece(0, 4, 0x0F)}};
            case 5 -> new Piece[][] {
                {new Piece(0, 0, 0x1F)}, {new Piece(1, 0, 0x1F)}, {new Piece(0, 5, 0x07), new Piece(1, 2, 0x18)},
                {new Piece(2, 0, 0x1F)}, {new Piece(3, 0, 0x1F)}, {new Piece(2, 5, 0x07), new Piece(3, 2, 0x18)},
                {new Piece(4, 0, 0x1F)}, {new Piece(4, 5, 0x07), new Piece(3, 4, 0x08), new Piece(1, 3, 0x10)}};
            default -> new Piece[][] {
                {new Piece(0, 0, 0x3F)}, {new Piece(1, 0, 0x3F)}, {new Piece(2, 0, 0x3F)},
                {new Piece(0, 6, 0x03), new Piece(1, 4, 0x0C), new Piece(2, 2, 0x30)}};
        };
    }

    /**
     * Some bits of a pair: the bits of {@code mask} in a byte, after row {@code row} of the group is shifted right by
     * {@code shift}.
     */
    public record Piece(int row, int shift, int mask) {
        /** Returns these bits of a pair, whose row is given. */
        private int of(int elements) {
            return elements >> shift & 0x101 * mask;
        }
    }

    /** Returns the format of matrices of {@code dtype}, or null if this class does not describe them. */
    static KQuantFormat of(DType dtype) {
        for (KQuantFormat format : values()) {
            if (format.dtype == dtype) {
                return format;
            }
        }
        return null;
    }

    /** Returns the type of the weights on disk. */
    DType dtype() {
        return dtype;
    }

    /** Returns the number of bits of an integer q. */
    public int bits() {
        return bits;
    }

    /** Returns the integer that is subtracted from each q: half its range. */
    public int zero() {
        return 1 << bits - 1;
    }

    /** Returns the number of products that a sum of 16 bits holds; for 5 and 6 bits, half of those with one scale. */
    public int exact() {
        return SIZE >> bits - 4;
    }

    /** Returns the largest number of such sums in a super-block. */
    public static int sums() {
        return SUPER / Q6_K.exact();
    }

    /** Returns the number of inputs with one scale. */
    public int scaled() {
        return bits == 6 ? SIZE / 2 : SIZE;
    }

    /** Returns the number of rows of common scales and mins at the start of a super-block. */
    public int superRows() {
        return superRows;
    }

    /** Returns the number of rows of scales and mins at the start of a block. */
    public int scaleRows() {
        return scaleRows;
    }

    /** Returns true if weights have offsets; otherwise {@link #zero} represents 0. */
    public boolean hasOffsets() {
        return superRows > 1 || scaleRows > 1;
    }

    /** Returns the number of pairs of inputs in a group, which share rows. */
    public int groupPairs() {
        return pieces.length;
    }

    /** Returns the number of rows in a group of pairs. */
    public int groupRows() {
        return groupRows;
    }

    /** Returns the pieces of which pair {@code pair} of a group consists. */
    public List<Piece> pieces(int pair) {
        return List.of(pieces[pair]);
    }

    /** Returns the number of rows in a block. */
    public int blockRows() {
        return scaleRows + SIZE / 2 / groupPairs() * groupRows;
    }

    /** Returns the number of bytes in a super-block with {@code blocks} blocks. */
    public int bytes(int blocks) {
        return ROW * (superRows + blocks * blockRows());
    }

    /** Returns the byte, counted from the start of the panel, at which a super-block begins. */
    static long superAt(int index, KQuantFormat format) {
        return (long) index * format.bytes(BLOCKS);
    }

    /** Returns the number of bytes in a panel. */
    public long panelBytes(int inputs) {
        int blocks = BlockFormat.blocks(inputs);
        return (long) ROW * (Math.ceilDiv(blocks, BLOCKS) * superRows + (long) blocks * blockRows());
    }

    /** Returns the row of a block, counted from its start, at which the group of a pair begins. */
    private int groupRow(int pair) {
        return scaleRows + pair / groupPairs() * groupRows;
    }

    private Piece[] piecesOf(int pair) {
        return pieces[pair % groupPairs()];
    }

    /**
     * Stores one output of a panel's super-block.
     *
     * @param block content of the tensor's block; for a type with blocks of 32 elements the first of the super-block
     * @param at index of the super-block, or of the block, in {@code panel}
     * @param blocks number of blocks to store
     */
    void set(KQuantBlock block, short[] panel, int at, int blocks, int output) {
        int to = at + BlockFormat.slot(output);
        if (superRows > 0) {
            panel[to] = block.scale;
            if (superRows > 1) {
                panel[to + PANEL] = block.min;
            }
            to += superRows * PANEL;
        }
        for (int b = 0; b < blocks; b++, to += blockRows() * PANEL) {
            switch (this) {
                case Q4_K, Q5_K -> panel[to] = (short) (block.scales[b] | block.mins[b] << 8);
                case Q6_K -> panel[to] =
                        (short) ((block.scales[2 * b] & 0xFF | block.scales[2 * b + 1] << 8) ^ 0x8080);
                default -> panel[to] = block.scale;
            }
            if (scaleRows > 1) {
                panel[to + PANEL] = block.min;
            }
            for (int i = 0; i < SIZE / 2; i++) {
                int pair = block.quants[b * SIZE + 2 * i] | block.quants[b * SIZE + 2 * i + 1] << 8;
                for (Piece piece : piecesOf(i)) {
                    panel[to + (groupRow(i) + piece.row) * PANEL] |=
                            (short) ((pair & 0x101 * piece.mask) << piece.shift);
                }
            }
        }
    }

    /** Copies the integers of one output in the block at byte {@code block} of a panel, less {@link #zero}. */
    void quants(MemorySegment data, long block, int output, int[] into) {
        long slot = block + Short.BYTES * BlockFormat.slot(output);
        for (int i = 0; i < SIZE / 2; i++) {
            int pair = 0;
            for (Piece piece : piecesOf(i)) {
                pair |= piece.of(data.get(SHORT, slot + (long) (groupRow(i) + piece.row) * ROW));
            }
            into[2 * i] = (pair & 0xFF) - zero();
            into[2 * i + 1] = (pair >> 8) - zero();
        }
    }

    /**
     * Unpacks a super-block.
     *
     * @param rows its bytes, 16 bits at a time
     * @param unit power of two by which common scales and mins are multiplied, see {@link HalfScales}
     */
    public void unpack(short[] rows, int blocks, float unit, UnpackedBlocks to) {
        for (int b = 0, at = superRows * PANEL; b < blocks; b++, at += blockRows() * PANEL) {
            for (int output = 0; output < PANEL; output++) {
                unpackScales(rows, at, b, output, unit, to);
            }
            for (int i = 0; i < SIZE / 2; i++) {
                int place = (b * SIZE / 2 + i) * UnpackedBlocks.ROW;
                Arrays.fill(to.pairs, place, place + UnpackedBlocks.ROW, 0);
                for (Piece piece : piecesOf(i)) {
                    addPiece(rows, at + (groupRow(i) + piece.row) * PANEL, piece, to.pairs, place);
                }
            }
        }
    }

    private static void addPiece(short[] rows, int at, Piece piece, int[] pairs, int place) {
        for (int i = 0; i < UnpackedBlocks.ROW; i++) {
            pairs[place + i] |= piece.of(rows[at + 2 * i]) | piece.of(rows[at + 2 * i + 1]) << 16;
        }
    }

    private void unpackScales(short[] rows, int at, int b, int output, float unit, UnpackedBlocks to) {
        int slot = BlockFormat.slot(output);
        int first = rows[at + slot];
        int place = b * PANEL + output;
        if (superRows == 0) {
            float scale = Float.float16ToFloat((short) first) * unit;
            to.scales[place] = scale;
            to.offsets[place] =
                    scaleRows == 1 ? 0f : scale * zero() + Float.float16ToFloat(rows[at + PANEL + slot]) * unit;
            return;
        }
        float common = Float.float16ToFloat(rows[slot]) * unit;
        if (this == Q6_K) {
            place = 2 * b * PANEL + output;
            to.scales[place] = common * ((first & 0xFF) - 128);
            to.scales[place + PANEL] = common * ((first >>> 8 & 0xFF) - 128);
        } else {
            float scale = common * (first & 0xFF);
            to.scales[place] = scale;
            to.offsets[place] = scale * zero() - Float.float16ToFloat(rows[PANEL + slot]) * unit * (first >>> 8 & 0xFF);
        }
    }

    /** Copies one row of a panel, whose scales have a unit, to {@code into} from {@code at}. */
    void row(MemorySegment data, long panel, float unit, int output, int inputs, float[] into, int at) {
        int[] quants = new int[SIZE];
        long slot = Short.BYTES * BlockFormat.slot(output);
        for (int k = 0; k < inputs; k += SIZE) {
            long start = panel + superAt(k / SUPER, this);
            long block = start + (long) ROW * (superRows + k % SUPER / SIZE * blockRows());
            quants(data, block, output, quants);
            float common = superRows == 0 ? 1f : half(data, start + slot) * unit;
            float min = superRows > 1
                    ? half(data, start + ROW + slot)
                    : scaleRows > 1 ? half(data, block + ROW + slot) : 0f;
            min *= unit;
            int first = data.get(SHORT, block + slot);
            for (int i = 0; i < Math.min(SIZE, inputs - k); i++) {
                into[at + k + i] = switch (this) {
                    case Q4_1, Q5_1 -> half(data, block + slot) * unit * (quants[i] + zero()) + min;
                    case Q5_0 -> half(data, block + slot) * unit * quants[i];
                    case Q6_K -> common * ((first >>> i / 16 * 8 & 0xFF) - 128) * quants[i];
                    default -> common * (first & 0xFF) * (quants[i] + zero()) - min * (first >>> 8 & 0xFF);
                };
            }
        }
    }

    private static float half(MemorySegment data, long at) {
        return Float.float16ToFloat(data.get(SHORT, at));
    }
}
