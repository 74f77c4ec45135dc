// Delta's log on an S3-compatible store, and the key that opens it: what the engine needs besides Hadoop's own S3A.
// tools/s3.py compiles this file with the compiler that Spark brings; docs/adr/0101 says why it is ours.

package onefile.s3a

import java.io.{ByteArrayOutputStream, IOException}
import java.lang.{Boolean => Truth}
import java.net.URI
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.{FileAlreadyExistsException, Files, Paths}
import java.util.{Arrays, Iterator => Lines}

import io.delta.storage.HadoopFileSystemLogStore
import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.{FileSystem, Path}
import software.amazon.awssdk.auth.credentials.{AwsBasicCredentials, AwsCredentials, AwsCredentialsProvider}
import software.amazon.awssdk.core.exception.SdkClientException

/** A log whose commits the store itself keeps apart: each is one PUT that the store refuses where the name is taken.
  *
  * So any number of engines on any number of machines may write to a table. Where a PUT fails it is looked at what lies
  * under the name, for a lost answer says nothing: the commit of this writer (each has an id of its own in it) is done,
  * another's is a conflict, nothing is the failure that it was.
  */
class ConditionalLogStore(conf: Configuration) extends HadoopFileSystemLogStore(conf) {

  override def write(path: Path, actions: Lines[String], overwrite: Truth, here: Configuration): Unit = {
    val content = new ByteArrayOutputStream
    while (actions.hasNext) content.write((actions.next() + "\n").getBytes(UTF_8))
    val fs = path.getFileSystem(here)
    if (overwrite) put(fs, path, content.toByteArray, isNew = false)
    else putNew(fs, path, content.toByteArray)
  }

  override def isPartialWriteVisible(path: Path, here: Configuration): Truth = false

  private def putNew(fs: FileSystem, path: Path, content: Array[Byte]): Unit =
    try put(fs, path, content, isNew = true)
    catch {
      case failed: IOException =>
        val there =
          try read(fs, path)
          catch { case silent: IOException => failed.addSuppressed(silent); throw failed }
        if (!Arrays.equals(there, content)) throw new FileAlreadyExistsException(path.toString)
    }

  private def put(fs: FileSystem, path: Path, content: Array[Byte], isNew: Boolean): Unit = {
    val builder = fs.createFile(path).overwrite(!isNew)
    if (isNew) builder.must("fs.option.create.conditional.overwrite", true)
    val out = builder.build()
    out.write(content)
    out.close()
  }

  private def read(fs: FileSystem, path: Path): Array[Byte] = {
    val in = fs.open(path)
    try in.readAllBytes()
    finally in.close()
  }
}

/** The key from a file with the access key's id and its secret, a line each; read anew each time, so that it may change.
  *
  * So neither a command line nor a configuration, which are shown and logged, ever has the secret.
  */
class KeyFile(store: URI, conf: Configuration) extends AwsCredentialsProvider {
  private val file = Paths.get(conf.getTrimmed("fs.s3a.onefile.key.file"))

  override def resolveCredentials(): AwsCredentials =
    words match {
      case Array(id, secret) => AwsBasicCredentials.create(id, secret)
      case _                 => throw SdkClientException.create("ONEFILE_LAKE_KEY names a file without two lines")
    }

  private def words: Array[String] =
    try Files.readString(file).split("\\s+").filter(_.nonEmpty)
    catch { case _: IOException => throw SdkClientException.create("the file that ONEFILE_LAKE_KEY names is not here") }
}
