import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.Properties;
import java.util.concurrent.Executor;

/**
 * Reads rows over any JDBC driver of the class path and writes them as JSON, a row a line.
 *
 * Standard input, each line in Base64 (UTF-8): the address; the number of properties, then key and value of each; then
 * statements: the SQL, the number of its parameters, and these. Standard output: the quote for names as a JSON text;
 * then for each statement the names of its columns as a JSON array, each row as one (texts and null), and a line ".".
 * A line "!" with an SQL state ends it, a line "#" with the name of a column that holds bytes as well.
 *
 * It is compiled when it starts, by Janino, which knows no lambdas.
 */
public class Rows {
    private static final DateTimeFormatter INSTANT = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss");
    private static final DateTimeFormatter OFFSET = DateTimeFormatter.ofPattern("xxx");
    private static final int SILENCE = 900000; // milliseconds
    private static BufferedReader in;
    private static BufferedWriter out;

    public static void main(String[] arguments) throws Exception {
        in = new BufferedReader(new InputStreamReader(System.in, "US-ASCII"));
        out = new BufferedWriter(new OutputStreamWriter(System.out, "UTF-8"), 1 << 16);
        System.setOut(System.err); // some drivers greet there, and rows are told by lines
        try {
            serve();
        } catch (SQLException error) {
            out.write("!" + (error.getSQLState() == null ? error.getClass().getSimpleName() : error.getSQLState()) + "\n");
        } catch (RuntimeException fault) {
            out.write("!0A " + fault.getClass().getSimpleName() + "\n");
        } catch (LinkageError old) {
            out.write("!0A " + old.getClass().getSimpleName() + "\n");
        }
        out.flush();
        System.exit(0); // whatever threads a driver leaves behind
    }

    private static void serve() throws SQLException, IOException {
        String address = line();
        Properties properties = new Properties();
        for (int left = Integer.parseInt(line()); left > 0; left--) {
            String key = line();
            properties.setProperty(key, line());
        }
        DriverManager.setLoginTimeout(10);
        Connection connection = DriverManager.getConnection(address, properties);
        try {
            connection.setAutoCommit(false);
            setSilence(connection);
            setView(connection);
            out.write(json(connection.getMetaData().getIdentifierQuoteString().trim()) + "\n");
            out.flush();
            for (String sql = line(); sql != null; sql = line()) {
                if (!answer(connection, sql)) {
                    return;
                }
            }
        } finally {
            end(connection);
        }
    }

    /** Roll back and close; one that is gone already keeps the reason why. */
    private static void end(Connection connection) {
        try {
            connection.rollback();
            connection.close();
        } catch (SQLException gone) {
            return;
        }
    }

    /** Have a connection end that says nothing for long, where the driver can. */
    private static void setSilence(Connection connection) {
        try {
            connection.setNetworkTimeout(new Executor() {
                public void execute(Runnable task) {
                    task.run();
                }
            }, SILENCE);
        } catch (SQLException unable) {
            return;
        } catch (RuntimeException unable) {
            return;
        } catch (LinkageError old) {
            return;
        }
    }

    /** Have all statements see one state of the database, as well as it can. */
    private static void setView(Connection connection) throws SQLException {
        int[] levels = {Connection.TRANSACTION_REPEATABLE_READ, Connection.TRANSACTION_SERIALIZABLE};
        for (int at = 0; at < levels.length; at++) {
            if (connection.getMetaData().supportsTransactionIsolationLevel(levels[at])) {
                connection.setTransactionIsolation(levels[at]);
                return;
            }
        }
    }

    private static boolean answer(Connection connection, String sql) throws SQLException, IOException {
        PreparedStatement statement =
            connection.prepareStatement(sql, ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY);
        try {
            statement.setFetchSize(2000);
            int count = Integer.parseInt(line());
            for (int place = 1; place <= count; place++) {
                set(statement, place, line());
            }
            ResultSet rows = statement.executeQuery();
            return write(rows, rows.getMetaData());
        } finally {
            statement.close();
        }
    }

    /** Set a parameter, given as text, as the type that it is compared with. */
    private static void set(PreparedStatement statement, int place, String text) throws SQLException {
        int type = Types.VARCHAR;
        try {
            type = statement.getParameterMetaData().getParameterType(place);
        } catch (SQLException unknown) {
            type = Types.VARCHAR;
        } catch (RuntimeException unknown) {
            type = Types.VARCHAR;
        } catch (LinkageError old) {
            type = Types.VARCHAR;
        }
        if (type == Types.VARCHAR || type == Types.CHAR || type == Types.NULL || type == Types.OTHER) {
            statement.setString(place, text);
        } else {
            statement.setObject(place, text, type);
        }
    }

    private static boolean write(ResultSet rows, ResultSetMetaData told) throws SQLException, IOException {
        int width = told.getColumnCount();
        StringBuilder line = new StringBuilder();
        for (int column = 1; column <= width; column++) {
            line.append(column == 1 ? "[" : ",").append(json(told.getColumnLabel(column)));
        }
        out.write(line.append("]\n").toString());
        while (rows.next()) {
            line.setLength(0);
            for (int column = 1; column <= width; column++) {
                int type = told.getColumnType(column);
                if (type == Types.BINARY || type == Types.VARBINARY || type == Types.LONGVARBINARY || type == Types.BLOB) {
                    out.write("#" + json(told.getColumnLabel(column)) + "\n");
                    return false;
                }
                String text = text(rows, column, type, told.getColumnTypeName(column));
                line.append(column == 1 ? "[" : ",").append(text == null ? "null" : json(text));
            }
            out.write(line.append("]\n").toString());
        }
        out.write(".\n");
        out.flush();
        return true;
    }

    private static String text(ResultSet rows, int column, int type, String name) throws SQLException {
        if (type == Types.NUMERIC || type == Types.DECIMAL) {
            BigDecimal number = rows.getBigDecimal(column);
            return number == null ? null : number.toPlainString();
        }
        if (type == Types.BOOLEAN || type == Types.BIT) {
            Object truth = rows.getObject(column);
            return truth instanceof Boolean ? truth.toString() : rows.getString(column);
        }
        if (type == Types.DOUBLE || type == Types.FLOAT || type == Types.REAL) {
            return plain(type == Types.REAL ? rows.getObject(column) : boxed(rows, column));
        }
        if (type == Types.TIMESTAMP || type == 2014) {
            return instant(rows, column, type == 2014 || name.toLowerCase().indexOf("tz") >= 0
                || name.toLowerCase().indexOf("with time zone") >= 0);
        }
        return rows.getString(column);
    }

    private static Object boxed(ResultSet rows, int column) throws SQLException {
        double number = rows.getDouble(column);
        return rows.wasNull() ? null : Double.valueOf(number);
    }

    private static String plain(Object number) {
        if (number == null) {
            return null;
        }
        try {
            return new BigDecimal(number.toString()).toPlainString();
        } catch (NumberFormatException none) {
            return number.toString();
        }
    }

    private static String instant(ResultSet rows, int column, boolean isZoned) throws SQLException {
        try {
            if (isZoned) {
                OffsetDateTime at = (OffsetDateTime) rows.getObject(column, OffsetDateTime.class);
                if (at == null) {
                    return null;
                }
                ZonedDateTime here = at.atZoneSameInstant(ZoneId.systemDefault());
                return day(here.toLocalDateTime()) + OFFSET.format(here);
            }
            LocalDateTime at = (LocalDateTime) rows.getObject(column, LocalDateTime.class);
            return at == null ? null : day(at);
        } catch (SQLException other) {
            return rows.getString(column);
        } catch (RuntimeException other) {
            return rows.getString(column);
        } catch (LinkageError old) { // a driver of before JDBC 4.1 or 4.2
            return rows.getString(column);
        }
    }

    private static String day(LocalDateTime at) {
        String digits = String.format("%09d", new Object[] {Integer.valueOf(at.getNano())});
        while (digits.endsWith("0")) {
            digits = digits.substring(0, digits.length() - 1);
        }
        return INSTANT.format(at) + (digits.length() == 0 ? "" : "." + digits);
    }

    private static String json(String text) {
        StringBuilder made = new StringBuilder("\"");
        for (int at = 0; at < text.length(); at++) {
            char sign = text.charAt(at);
            if (sign == '"' || sign == '\\') {
                made.append('\\').append(sign);
            } else if (sign < ' ' || (sign >= '\ud800' && sign <= '\udfff')) {
                made.append("\\u").append(String.format("%04x", new Object[] {Integer.valueOf(sign)}));
            } else {
                made.append(sign);
            }
        }
        return made.append('"').toString();
    }

    private static String line() throws IOException {
        String line = in.readLine();
        return line == null ? null : new String(Base64.getDecoder().decode(line), "UTF-8");
    }
}
