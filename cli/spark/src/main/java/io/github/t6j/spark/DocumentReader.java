package io.github.t6j.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;

import io.github.t6j.cli.io.CommandFailure;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Reads JSON lines or Parquet as rows of a common form: the id, file, number, and columns as JSON. Rows with the same
 * id are together and sorted, so that a partition that is repeated has the same rows in the same order.
 */
final class DocumentReader {
    private static final StructType ROWS = new StructType().add("id", DataTypes.StringType)
            .add("file", DataTypes.StringType).add("number", DataTypes.LongType).add("json", DataTypes.BinaryType);
    private static final int ID = 0;
    private static final int FILE = 1;
    private static final int NUMBER = 2;
    private static final int JSON = 3;
    private static final long WHOLE = 1L << 50; // bytes, more than any file has

    private DocumentReader() {}

    /**
     * Reads the rows of JSON lines. A task reads a whole file, since it must count the lines. Blank lines are left out,
     * as by Spark's own reader.
     */
    static Dataset<Row> lines(SparkSession spark, String path) {
        SparkSession unsplit = spark.newSession();
        unsplit.conf().set("spark.sql.files.maxPartitionBytes", WHOLE);
        unsplit.conf().set("spark.sql.files.openCostInBytes", WHOLE);
        Dataset<Row> lines = unsplit.read().text(path).select(col("_metadata.file_path"), lit(null).cast("long"),
                col("value").cast("binary"));
        return rows(lines).filter(col("json").cast("string").rlike("\\S"));
    }

    /**
     * Reads the rows of Parquet files.
     *
     * @param texts columns of which at least one must exist
     * @param optional columns to read if they exist
     */
    static Dataset<Row> parquet(SparkSession spark, String path, List<String> texts, List<String> optional) {
        Dataset<Row> rows = spark.read().parquet(path);
        List<String> existing = List.of(rows.columns());
        if (!existing.contains("id") || texts.stream().noneMatch(existing::contains)) {
            throw new CommandFailure(path + ": expected the columns id and " + String.join(" or ", texts) + ", found "
                    + Arrays.toString(rows.columns()));
        }
        Column[] read = Stream.of(List.of("id"), texts, optional).flatMap(List::stream).filter(existing::contains)
                .map(name -> col("`" + name + "`")).toArray(Column[]::new);
        return rows(rows.select(col("_metadata.file_path"), col("_metadata.row_index").plus(1),
                to_json(struct(read)).cast("binary")));
    }

    private static Dataset<Row> rows(Dataset<Row> found) {
        return found.mapPartitions((MapPartitionsFunction<Row, Row>) Numbered::new, Encoders.row(ROWS));
    }

    /** Returns the rows in {@code partitions} parts, by the hash of their ids. */
    static Dataset<Row> partitioned(Dataset<Row> rows, int partitions) {
        return rows.repartition(partitions, col("id")).sortWithinPartitions("id", "file", "number");
    }

    /** Returns the documents of a sorted partition. @param unit name of the numbers, such as line */
    static Iterator<Document> documents(Iterator<Row> rows, String unit) {
        return new Sorted(rows, unit);
    }

    /** Adds ids, and numbers to lines, which have none yet. */
    private static final class Numbered implements Iterator<Row> {
        private final Iterator<Row> rows;
        private String file;
        private long line;

        Numbered(Iterator<Row> rows) {
            this.rows = rows;
        }

        @Override
        public boolean hasNext() {
            return rows.hasNext();
        }

        @Override
        public Row next() {
            Row row = rows.next();
            String path = row.getString(0);
            line = path.equals(file) ? line + 1 : 1;
            file = path;
            byte[] json = row.getAs(2);
            return RowFactory.create(Document.id(json), path.replaceFirst("^file:/+", "/"),
                    row.isNullAt(1) ? line : row.getLong(1), json);
        }
    }

    /** Finds rows with the id of the row before. */
    private static final class Sorted implements Iterator<Document> {
        private final Iterator<Row> rows;
        private final String unit;
        private String id;
        private String first;

        Sorted(Iterator<Row> rows, String unit) {
            this.rows = rows;
            this.unit = unit;
        }

        @Override
        public boolean hasNext() {
            return rows.hasNext();
        }

        @Override
        public Document next() {
            Row row = rows.next();
            String rowId = row.getString(ID);
            String where = row.getString(FILE) + ", " + unit + " " + row.getLong(NUMBER);
            boolean again = rowId != null && rowId.equals(id);
            first = again ? first : where;
            id = rowId;
            return new Document(rowId, row.getAs(JSON), where, again ? first : null);
        }
    }
}
